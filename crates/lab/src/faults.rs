//! What can be broken at a shop.

macro_rules! faults {
    ($($variant:ident $id:literal $ja:literal $en:literal,)*) => {
        /// A fault of a shop.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "the words say it")]
        pub enum Fault {
            $($variant,)*
        }

        impl Fault {
            /// Every fault.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name on the panel.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// What it does, in Japanese and English.
            pub const fn words(self) -> (&'static str, &'static str) {
                match self { $(Self::$variant => ($ja, $en),)* }
            }
        }
    };
}

faults! {
    Deny "deny" "同意しない" "Nobody agrees",
    NeverReturn "never_return" "戻らない" "Nobody comes back",
    Frozen "frozen" "アカウント停止の画面で止まる" "Stops at a page: account suspended",
    AdminBlocked "admin_blocked" "管理者が禁止の画面で止まる" "Stops at a page: blocked by an administrator",
    SomethingWrong "something_wrong" "「問題が発生しました」で止まる" "Stops at a page: something went wrong",
    SaysTrouble "says_trouble" "server_error を返す" "Answers server_error",
    SaysOurFault "says_our_fault" "invalid_scope を返す" "Answers invalid_scope",
    SaysLogin "says_login" "login_required を返す" "Answers login_required",
    SaysConsent "says_consent" "consent_required を返す" "Answers consent_required",
    SaysPolicy "says_policy" "admin_policy_enforced を返す" "Answers admin_policy_enforced",
    SaysSuspended "says_suspended" "account_suspended を返す" "Answers account_suspended",
    SaysUnknown "says_unknown" "未知のエラーを返す" "Answers a code that nobody knows",
    NoCode "no_code" "結果のない戻り" "Comes back with nothing",
    Slow "slow" "10秒待たせる" "Takes ten seconds",
    Down "down" "すべて 503" "Everything answers 503",
    TokenDown "token_down" "トークンの窓口が 503" "The token endpoint answers 503",
    ProfileDead "profile_dead" "プロフィールの窓口が 401" "The profile endpoint answers 401",
    ExpiredCode "expired_code" "引換券が期限切れ" "The ticket has run out",
    SecretExpired "secret_expired" "こちらの秘密鍵が期限切れ" "Our secret has run out",
    BadSignature "bad_signature" "署名が違う" "Signs with another key",
    UnknownKey "unknown_key" "公開していない鍵で署名" "Signs with a key that is not published",
    AlgNone "alg_none" "署名なし(none)" "Does not sign (none)",
    KeyConfusion "key_confusion" "公開鍵でHS256署名" "Signs HS256 with the public key",
    WrongIssuer "wrong_issuer" "別の発行者" "Another issuer",
    WrongAudience "wrong_audience" "別の宛先" "Another audience",
    WrongParty "wrong_party" "別の azp" "Another authorized party",
    WrongNonce "wrong_nonce" "別の nonce" "Another nonce",
    Expired "expired" "期限切れのトークン" "A token that has run out",
    NotYet "not_yet" "まだ有効でないトークン" "A token that is not valid yet",
    Future "future" "未来に発行されたトークン" "A token from the future",
    Twice "twice" "同じ主張が2つ" "A claim that stands twice",
    Huge "huge" "大きすぎるトークン" "A token that is too long",
    NoToken "no_token" "IDトークンなし" "No ID token",
    Babble "babble" "JSONでない答え" "What is no JSON",
    ChangedEmail "changed_email" "メールアドレスが変わった" "The address has changed",
    Revoked "revoked" "許可が取り消された(確認すると invalid_grant)" "The permission was taken back (a check gets invalid_grant)",
    Moved "moved" "アプリが別の開発チームへ移った" "The app has moved to another developer team",
    KeysDown "keys_down" "鍵とディスカバリーが 503" "Keys and discovery answer 503",
    KeysGone "keys_gone" "鍵が 404 で、新しい鍵で署名" "Keys answer 404, and it signs with a new one",
    IssuerSlash "issuer_slash" "発行者の末尾にスラッシュ" "The issuer ends in a slash",
    SaysAdminConsent "says_admin_consent" "管理者の同意が必要(AADSTS90094)" "Says that an administrator must consent (AADSTS90094)",
    BadCode "bad_code" "200 で bad_verification_code" "Answers 200 with bad_verification_code",
}

impl Fault {
    /// The fault of that name.
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|fault| fault.id() == id)
    }
}
