providers-title = 外部サービスでログイン
provider-sign-in = { $provider } でログイン
provider-last = 前回この端末で使用
provider-degraded = { $provider } が不安定です({ $time } から)。うまくいかないときは、別の方法でログインしてください。
provider-down = { $provider } に障害が起きています({ $time } から)。別の方法でログインしてください。連携の解除やパスワードの再設定は必要ありません。
provider-ours = 当サービス側の設定に問題があり、{ $provider } に接続できません({ $time } から)。別の方法でログインしてください。
provider-in-app = { $provider } は、アプリの中のブラウザーではログインできません。SafariやChromeで開き直してください。

external-again = { $provider } でもう一度ログイン
external-choose = { $provider } の別のアカウントを選ぶ
external-other = 別の方法でログインする

seen-legend = { $provider } の画面に、何が表示されましたか?
seen-other = ほかの画面が出ていたとき
seen-submit = 原因を調べる
error-saw-empty = 表示されたものに近いものを1つ選んでください。

screen-frozen = アカウントが停止・凍結・ロックされているという表示
screen-verify = 2段階認証や本人確認を求められ、先へ進めなかった
screen-password-there = { $provider } のパスワードが違うと表示された・思い出せない
screen-no-such-account = アカウントが見つからない、削除されているという表示
screen-other-account = 別の人や、自分の別のアカウントでログインされていた
screen-browser-refused = このブラウザーやアプリは使えないという表示
screen-admin-blocked = 管理者(会社・学校・保護者)が許可していないという表示
screen-something-wrong = 「問題が発生しました」など、理由のないエラー
screen-their-trouble = 「現在ご利用いただけません」など、障害のお知らせ
screen-our-fault = 「リクエストが無効」「redirect_uri」「client」などの英語のエラー
screen-closed = 自分でキャンセルした・画面を閉じた
screen-top-page = { $provider } のトップページに移った
screen-blank = 何も表示されない・読み込みが終わらない
screen-none-of-these = この中にない
screen-google-frozen = 「アカウントが無効になっています」
screen-google-browser-refused = 「アクセスをブロック: このブラウザまたはアプリは安全でない可能性があります」(disallowed_useragent)
screen-google-admin-blocked = 「組織の管理者によって制限されています」(admin_policy_enforced)
screen-google-our-fault = 「エラー 400: redirect_uri_mismatch」「このアプリのリクエストは無効です」
screen-google-other-account = アカウントの選択画面に、使いたいアカウントがなかった
screen-apple-verify = 2ファクタ認証の設定や確認コードを求められた
screen-apple-frozen = 「このApple Accountはセキュリティ上の理由でロックされています」
screen-apple-our-fault = 「サインアップを完了できませんでした」「invalid_client」
screen-x-something-wrong = 「問題が発生しました」「アプリにアクセスを許可できませんでした」
screen-x-frozen = 「アカウントは凍結されています」「アカウントがロックされました」
screen-yahoo-japan-frozen = 「F001」など、Fで始まる番号のエラー(ご利用停止・確認が必要)
screen-yahoo-japan-top-page = 「同意しない」を押したあと、Yahoo! JAPANのトップページに移った
screen-yahoo-japan-verify = SMSの確認コードや、生体認証を求められた
screen-line-password-there = メールアドレスまたはパスワードが正しくないと表示された
screen-line-our-fault = 「400 Bad Request」の画面
screen-line-browser-refused = LINEアプリが開いたまま、元の画面に戻らなかった

choose-title = この { $provider } のアカウントは、まだ連携されていません
choose-identity = { $provider } から戻ってきたアカウント: { $identity }
choose-have-title = すでに登録している
choose-have-lead = いつもの方法で本人確認をすると、次からこの外部アカウントでもログインできます。
choose-have-submit = ログインして連携する
choose-mail-lead = パスワードを決めていないときや忘れたときは、{ $word }かメールアドレスだけを入力して、下のボタンを押してください。
choose-mail = メールの確認コードで連携する
choose-new-title = はじめて利用する
choose-vouched = 登録するメールアドレス: { $email }({ $provider } で確認済み)
choose-email-hint = 確認コードをお送りします。
choose-new-submit = 新しく登録する
choose-present = いま { $login_id } でログインしています
choose-link = このアカウントと連携する

links-title = 外部アカウントとの連携
links-lead = 連携している外部アカウントで、パスワードなしでログインできます。
links-none = 連携している外部アカウントはありません。
links-made = 連携した日時: { $time }
links-used = 最後に使った日時: { $time }
links-test = 連携を確認する
links-relink = 連携し直す
links-remove = 連携を解除する…
links-remove-lead = { $provider } ではログインできなくなります。アカウントと投稿はそのまま残ります。
links-remove-submit = 解除する
links-retired = このサービスでは、いまこの外部アカウントを使えません。
links-add = 外部アカウントを連携する
links-add-one = { $provider } を連携する
links-no-password = パスワードは設定されていません。外部サービスが使えないときのために、決めておくと安心です。
links-set-password = パスワードを設定する
links-done-linked = 連携しました。
links-done-relinked = 連携し直しました。いま確かめたとおり、この外部アカウントでログインできます。
links-done-removed = 連携を解除しました。
links-done-not-linked = ログインはできていますが、その外部アカウントはすでに別のアカウントと連携されているか、手続きの時間が切れていました。
link-state-ok = 使えます({ $time } から。{ $how })
link-state-reauth-needed = 外部サービスでの再ログインが必要です({ $time } から。{ $how })
link-state-suspended-there = 外部サービスで停止されています({ $time } から。{ $how })
link-state-gone = 外部サービスで許可が取り消されました({ $time }。{ $how })
link-state-purged = 外部サービスのアカウントが削除されました({ $time }。{ $how })
link-state-lapsed = 外部サービスでの許可が、取り消されたか期限切れになりました。「連携し直す」を押すか、この方法でもう一度ログインすると、元に戻ります({ $time }。{ $how })
link-source-check = 当サービスからの確認の結果
link-source-push = 外部サービスからの通知
link-source-callback = ログインの結果

methods-title = ログイン方法の控え
methods-at = { $time } 現在
methods-address = ログインする場所
methods-lead = パスワードなどの秘密は書かれていません。印刷するか、保存しておくと、困ったときに役立ちます。
methods-save = ファイルに保存する
methods-print = 印刷する
method-password = パスワード
method-none = パスワード未設定(メールの確認コードで設定できます)

ended-provider-ended = 外部サービスからの通知により、ログアウトしました。
notice-tested = 連携は正常です。この外部アカウントでログインできます。
notice-linked = 外部アカウントを連携しました。次からこの方法でもログインできます。
new-password-once-lead = パスワードを決めずに、今回だけログインすることもできます。
new-password-once = 今回だけ、パスワードなしでログインする
error-sign-in-again = 安全のため、一度ログアウトして、ログインし直してから操作してください。

mail-way-in-subject = 【{ $service }】ログインの方法と確認コードのお知らせ
mail-way-in =
    { $word }: { $login_id }

    このアカウントにはパスワードがありません。次の外部アカウントでログインできます。
    { $methods }

    ログインする: { $origin }/sign-in

    外部アカウントが使えないときは、次の確認コードを画面に入力してください。パスワードを決めるか、今回だけログインできます。

    { $code }

    コードは{ $minutes }分間有効です。別のブラウザーなら { $origin }/recover/code を開いてください。

    お心当たりがなければ、このメールは無視してください。コードは誰にも教えないでください。

mail-prove-subject = 【{ $service }】{ $provider } との連携の確認コード
mail-prove =
    { $provider }({ $identity })を、次の{ $word }と連携する手続きが始まりました。
    { $word }: { $login_id }

    ご本人の操作なら、次の確認コードを画面に入力してください。連携したあとは、{ $provider } でもログインできます。

    { $code }

    コードは{ $minutes }分間有効です。

    お心当たりがなければ、このメールは無視してください。何も連携されません。コードは誰にも教えないでください。

mail-link-added-subject = 【{ $service }】外部アカウントが連携されました
mail-link-added =
    { $time } に、{ $provider }({ $identity })が連携されました。
    { $word }: { $login_id }

    お心当たりがなければ、すぐに次のページで解除し、パスワードを変更してください。
    { $origin }/account/links

mail-link-replaced-subject = 【{ $service }】外部アカウントの連携をつなぎ直しました
mail-link-replaced =
    { $time } に、{ $provider }の連携をつなぎ直しました。
    これまで: { $before }
    これから: { $identity }
    { $word }: { $login_id }

    お心当たりがなければ、すぐに次のページで解除し、パスワードを変更してください。
    { $origin }/account/links

mail-link-removed-subject = 【{ $service }】外部アカウントの連携が解除されました
mail-link-removed =
    { $time } に、{ $provider }({ $identity })の連携が解除されました。
    { $word }: { $login_id }

    お心当たりがなければ、すぐにパスワードを変更してください。
    { $origin }/account/security

mail-link-changed-subject = 【{ $service }】{ $provider } の状態が変わりました
mail-link-changed =
    { $provider } から、連携しているアカウント({ $identity })について通知がありました。
    内容: { $what }
    日時: { $time }
    { $word }: { $login_id }

    { $provider } でログインできないときは、パスワードや別の方法を使えます。次のページで状態を確かめ、別の方法も登録しておいてください。
    { $origin }/account/links

mail-provider-down-subject = 【{ $service }】{ $provider } でのログインに障害
mail-provider-down =
    { $time } から、{ $provider } でのログインが失敗しています。{ $provider } の側の障害とみられます。
    ログイン画面では別の方法を案内しています。復旧すると自動で元に戻ります。

mail-provider-refuses-subject = 【{ $service }】{ $provider } の設定を確認してください
mail-provider-refuses =
    { $time } から、{ $provider } がこのサービスを拒否しています。client_id、秘密鍵、リダイレクトURLのどれかが合っていません。
    「kagiya doctor」で詳しく確かめられます。

because-provider-denied = { $there }で「許可しない」または「キャンセル」が選ばれました({ $code })
because-provider-trouble = { $there }が応答しないか、障害を知らせてきました({ $code })
because-provider-down = { $there }は { $time } から失敗が続いています
because-provider-refused-us = { $there }が当サービスからの接続を拒否しました({ $code })
because-provider-setup-wrong = 当サービスの接続設定が { $time } から合っていません
because-provider-wants-act = { $there }の画面での操作が必要です({ $code })
because-provider-wants-consent = { $there }での同意がなくなっています({ $code })
because-provider-policy = { $there }の管理者の設定で禁止されています({ $code })
because-provider-froze = 外部アカウントが停止されていると知らされました({ $code })
because-provider-forbids-browser = { $there }がこのブラウザーを断りました({ $code })
because-provider-forbids-in-app = { $there }は、アプリの中のブラウザーを受け付けません
because-clocks-differ = { $whose ->
    [ours] 当サービスのサーバーの時計が、{ $there }より約 { $seconds } 秒{ $ahead ->
        [yes] 遅れて
       *[no] 進んで
     } います。ほかの時計とも合っていません
    [theirs] { $there }の時計が約 { $seconds } 秒{ $ahead ->
        [yes] 進んで
       *[no] 遅れて
     } います。当サービスの時計は、ほかの時計と合っています
   *[unknown] { $there }と当サービスの時計が約 { $seconds } 秒ずれています。どちらの時計が違うのかは分かっていません
 }
because-provider-code-unknown = { $there }から、初めて見るエラーが返りました({ $code })
because-token-dead = 受け取ったばかりの許可が、{ $there }で通りませんでした({ $code })
because-ticket-refused = { $there }から受け取った確認情報が受け付けられませんでした({ $code })
because-ticket-used = { $there }から受け取った確認情報は、すでに使われています
because-ticket-code-used = { $there }から受け取った確認情報(認可コード)は、すでに使われていました({ $code })
because-ticket-code-late = { $there }から受け取った確認情報(認可コード)の期限が過ぎていました({ $code })
because-ticket-other-issuer = 戻ってきた情報が、{ $there }とは別のサービスを名乗っています({ $code })
because-id-token-missing = { $there }から確認情報(IDトークン)が届きませんでした({ $code })
because-id-token-unreadable = { $there }の確認情報(IDトークン)を読み取れません({ $code })
because-id-token-algorithm = { $there }の確認情報(IDトークン)の署名方式が、取り決めと違います({ $code })
because-id-token-unknown-key = { $there }の確認情報(IDトークン)が、公開されていない鍵で署名されています({ $code })
because-id-token-keys-not-served = { $there }が、確認情報(IDトークン)を確かめるための鍵を公開していません({ $code })
because-id-token-signature = { $there }の確認情報(IDトークン)の署名が合いません({ $code })
because-id-token-issuer = 確認情報(IDトークン)の発行者が{ $there }と違います({ $code })
because-id-token-audience = { $there }の確認情報(IDトークン)が、別のサービスに宛てられています({ $code })
because-id-token-nonce = { $there }の確認情報(IDトークン)が、別の回の手続きのものです({ $code })
because-id-token-time = こちらの時計では、{ $there }の確認情報(IDトークン)の有効な時間を過ぎています({ $code })
because-id-token-not-yet = こちらの時計では、{ $there }の確認情報(IDトークン)の有効な時間がまだ来ていません({ $code })
because-id-token-subject = { $there }の確認情報(IDトークン)に、どなたのものかが書かれていません({ $code })
because-others-return = ほかの方は、今も{ $there }から戻ってログインできています
because-nobody-returns = 最近、{ $there }から戻ってログインできた方がいません(以前はできていました)
because-nobody-returned-yet = { $there }から戻ってログインできた方は、まだいません
because-tickets-all-refused = ほとんどの方の確認情報が受け付けられていません
because-answer-incomplete = 戻ってきた内容に、結果が入っていませんでした
because-state-unknown = 戻ってきた内容が、始めた手続きと結びつきませんでした
because-journey-too-old = { $there }へ進んでから { $minutes } 分たっていました
because-not-returned = { $minutes } 分前に{ $there }へ進んだまま、戻ってきていません
because-started-again = 戻らないまま、もう一度始められました
because-saw-frozen = 停止や凍結の表示が出たと回答されました
because-saw-verify = 本人確認や2段階認証を求められたと回答されました
because-saw-password-there = { $there }のパスワードで進めなかったと回答されました
because-saw-no-such-account = { $there }でアカウントが見つからなかったと回答されました
because-saw-other-account = 別のアカウントでログインされていたと回答されました
because-saw-browser-refused = ブラウザーが断られたと回答されました
because-saw-admin-blocked = 管理者の許可がないと表示されたと回答されました
because-saw-something-wrong = 理由のないエラーが出たと回答されました
because-saw-their-trouble = 障害のお知らせが出たと回答されました
because-saw-our-fault = リクエストのエラーが出たと回答されました
because-saw-closed = ご自分で中止されたと回答されました
because-saw-top-page = { $there }のトップページに移ったと回答されました
because-saw-blank = 何も表示されなかったと回答されました
because-saw-none-of-these = 表示は選択肢の中になかったと回答されました
because-identity-not-linked = 戻ってきた外部アカウントは、どのアカウントとも連携されていません
because-subject-changed = 連携しているアカウントの識別子が、外部サービスの側で変わっています
because-other-identity-before = この端末では、以前は別の外部アカウントが使われていました
because-link-removed-here = この外部アカウントの連携は { $time } に解除されました
because-identity-of-other = この外部アカウントは、すでに別のアカウントと連携されています
because-address-elsewhere = 同じメールアドレスが、別の方法ですでに登録されています
because-address-taken = 同じメールアドレスの登録がすでにあります
because-link-reauth = { $there }が { $time } から再ログインを求めています
because-link-suspended = 外部アカウントは { $time } から停止されています
because-link-gone = { $there }で { $time } に許可が取り消されました
because-link-lapsed = { $there }での許可は、取り消されたか期限切れです({ $time } に確認)
because-link-purged = 外部アカウントは { $time } に削除されました
because-provider-retired = この外部サービスは、いま利用できません
because-linked-at = この登録は { $provider } とつながっています
because-last-way-in = ほかに使えるログイン方法がありません
because-signed-in-as-other = 手続きを始めたときと、ログインの状態が変わっています
because-setup-provider-refuses = 外部サービスに登録した内容と、当サービスの設定が合っていません
because-setup-provider-secret = 外部サービスとの秘密鍵の期限が近づいています
because-setup-provider-tickets = 外部サービスが、ほとんどの確認情報を断っています
because-setup-job-broke = サーバーの定期処理が止まり、やり直しました
verdict-unlinked-title = 連携しているアカウントが見つかりません
verdict-unlinked-lead = はじめての方は、新しく登録できます。以前に別の方法で登録した方は、その方法で本人確認をしてください。
new-password-ways = 残しておく連絡先と外部アカウント
new-password-ways-hint = 見覚えのないものは残さないでください。最近追加されたものは、残す場合にチェックを付けてください。「外す」とあるもの(登録時のメールアドレスなど)は、チェックを付けなければ残ります。
new-password-keep = 残す
new-password-drop = 外す
verdict-last-way-title = ほかに入る手段がないため、解除しませんでした
verdict-last-way-lead = 先にパスワードを設定するか、別の外部アカウントを連携してください。
step-wait-open = しばらく待ってから、もう一度試す
because-at-provider = { $provider } でのログインでした

pushed-sessions-revoked = 外部サービスで、すべての端末からログアウトされました
pushed-consent-revoked = 外部サービスで、当サービスへの許可が取り消されました
pushed-disabled-hijacked = 外部アカウントが、乗っ取りの疑いで停止されました
pushed-disabled = 外部アカウントが停止されました
pushed-enabled = 外部アカウントが再び使えるようになりました
pushed-purged = 外部アカウントが削除されました
pushed-credential-change-required = 外部サービスで、ログインし直すように求められています
pushed-identifier-changed = 外部アカウントのメールアドレスが変わりました
pushed-email-disabled = 外部サービスのメールの転送が止まりました
pushed-email-enabled = 外部サービスのメールの転送が再開しました
pushed-signed-out = 外部サービスからログアウトしました
pushed-verification = 外部サービスからの確認です
pushed-other = 外部サービスからの通知です

home-links = 外部アカウントを確かめる
provider-sign-up = { $provider }で登録
providers-sign-up-title = 外部サービスで登録
step-linked-at = { $provider } のボタンからログインする
seen-quiet = { $provider } でうまくいきませんでしたか?
