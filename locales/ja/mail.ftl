mail-foot =
    { $service }
    { $origin }
    お問い合わせ: { $support }
    このメールは { $from } から自動でお送りしています。返信はできません。

mail-foot-plain =
    { $service }
    { $origin }
    このメールは { $from } から自動でお送りしています。返信はできません。

mail-sign-up-subject = 【{ $service }】登録の確認コード
mail-sign-up =
    { $service }へのお申し込みありがとうございます。登録はまだ完了していません。
    完了するには、次の確認コードを画面に入力してください。

    { $code }

    コードは{ $minutes }分間有効です。
    { $word }: { $login_id }

    お心当たりがなければ、このメールは無視してください。登録は完了しません。

mail-already-member-subject = 【{ $service }】すでに登録があります
mail-already-member =
    このアドレスで新規登録の手続きがありましたが、すでに登録があります。

    { $word }: { $login_id }
    ログインの方法: { $methods }

    ログインする: { $origin }/sign-in
    パスワードを忘れたとき: { $origin }/recover

    お心当たりがなければ、このメールは無視してください。何も変わっていません。

mail-welcome-subject = 【{ $service }】登録完了のお知らせ
mail-welcome =
    { $service }への登録が完了しました。

    { $word }: { $login_id }
    ログインの方法: { $methods }

    ログインする: { $origin }/sign-in

    { $word }を忘れたときは、受信箱を「{ $service } 登録」で検索すると、このメールが見つかります。差出人は { $from } です。

mail-recover-subject = 【{ $service }】{ $word }と確認コードのお知らせ
mail-recover =
    { $word }: { $login_id }
    ログインの方法: { $methods }

    パスワードを設定し直すときは、次の確認コードを画面に入力してください。

    { $code }

    手順
    1. 元の画面に戻る(別のブラウザーなら { $origin }/recover/code を開く)
    2. 確認コードを入力する({ $minutes }分間有効)
    3. 新しいパスワードを決める
    4. 新しいパスワードでログインする

    新しいメールを受け取ると、前のコードは使えなくなります。
    お心当たりがなければ、このメールは無視してください。コードを誰にも教えないでください。

mail-unlock-subject = 【{ $service }】ロックを解除する確認コード
mail-unlock =
    { $login_id } のログインのロックを解除するには、次の確認コードを画面に入力してください。

    { $code }

    コードは{ $minutes }分間有効です。コードを誰にも教えないでください。

mail-confirm-subject = 【{ $service }】本人確認のコード
mail-confirm =
    ログインできなかった理由を詳しく見るには、次の確認コードを画面に入力してください。

    { $code }

    { $word }: { $login_id }
    コードは{ $minutes }分間有効です。コードを誰にも教えないでください。

mail-add-email-subject = 【{ $service }】メールアドレスの確認コード
mail-add-email =
    このアドレスを追加するには、次の確認コードを画面に入力してください。

    { $code }

    コードは{ $minutes }分間有効です。お心当たりがなければ、このメールは無視してください。

mail-no-account-subject = 【{ $service }】このアドレスの登録はありません
mail-no-account =
    { $email } で{ $word }・パスワードを忘れた方の手続きがありましたが、このアドレスの登録は見つかりませんでした。

    次のことをお試しください。
    ・お持ちの別のメールアドレスで、もう一度手続きをする
    ・受信箱を「{ $service } 登録」で検索し、登録完了のメールを探す
    ・ご自分のページのURLの最後の部分({ $word })で手続きをする

    まだ登録していない方: { $origin }/sign-up

    お心当たりがなければ、このメールは無視してください。

mail-new-device-subject = 【{ $service }】新しい端末からのログイン
mail-new-device =
    { $login_id } に、これまで使われていない端末からログインがありました。

    日時: { $time }
    端末: { $browser }

    ご本人なら、何もする必要はありません。
    お心当たりがなければ、すぐにパスワードを設定し直してください。設定し直すと、すべての端末からログアウトします。
    { $origin }/recover

mail-locked-subject = 【{ $service }】ログインをロックしました
mail-locked =
    { $login_id } へのログインの失敗が続いたため、{ $time } までロックしました。

    ご本人が間違えた場合: その時刻まで待つか、{ $origin }/unlock で解除できます。
    お心当たりがない場合: 第三者が試したと考えられます。この試行ではログインされていません。以前ログインした端末からは、これまでどおりログインできます。

mail-password-changed-subject = 【{ $service }】パスワードを変更しました
mail-password-changed =
    { $time } に { $login_id } のパスワードが変更されました。ほかの端末からはログアウトしました。

    お心当たりがなければ、すぐにパスワードを設定し直してください。
    { $origin }/recover

mail-email-added-subject = 【{ $service }】メールアドレスを追加しました
mail-email-added =
    { $time } に { $login_id } へメールアドレス { $email } が追加されました。

    お心当たりがなければ、すぐにパスワードを設定し直してください。
    { $origin }/recover

mail-email-removed-subject = 【{ $service }】メールアドレスを削除しました
mail-email-removed =
    { $time } に { $login_id } からメールアドレス { $email } が削除されました。

    お心当たりがなければ、すぐにパスワードを設定し直してください。
    { $origin }/recover

mail-email-primary-subject = 【{ $service }】メインのメールアドレスを変更しました
mail-email-primary =
    { $time } に { $login_id } のメインのメールアドレスが { $email } になりました。

    お心当たりがなければ、すぐにパスワードを設定し直してください。
    { $origin }/recover

mail-closed-subject = 【{ $service }】退会のお知らせ
mail-closed =
    { $time } に { $login_id } の退会を受け付けました。

    30日以内なら、同じ{ $word }とパスワードでログインすると元に戻せます。
    { $origin }/sign-in

mail-unlocked-by-us-subject = 【{ $service }】ロックを解除しました(当サービスの不具合のおわび)
mail-unlocked-by-us =
    { $login_id } は、当サービスの障害の間にログインの失敗が続き、ロックされていました。障害の影響と考えられるため、解除しました。ご迷惑をおかけし、申し訳ありません。

    { $time } に、ロックを解除しました。これまでと同じパスワードでログインできます。パスワードの再設定は不要です。

    ログインする: { $origin }/sign-in

mail-subscribe-subject = 【{ $service }】お知らせの登録の確認
mail-subscribe =
    { $service }の障害やメンテナンスのお知らせを、このアドレスで受け取る登録がありました。受け取る場合は、次のページで確認してください。

    { $confirm }

    お心当たりがなければ、このメールは無視してください。お知らせは届きません。

mail-notice-subject = 【{ $service }】{ $title }({ $stage })
mail-notice =
    { $title }
    状況: { $stage }

    { $body }

    くわしい状況: { $origin }/status
    お知らせを止める: { $end }

mail-notice-until-subject = 【{ $service }】{ $title }({ $stage })
mail-notice-until =
    { $title }
    状況: { $stage }
    次のお知らせ: { $time }ごろ

    { $body }

    くわしい状況: { $origin }/status
    お知らせを止める: { $end }

mail-notice-window-subject = 【{ $service }】{ $title }({ $stage })
mail-notice-window =
    { $title }
    状況: { $stage }
    期間: { $from } から { $time } ごろまで

    { $body }

    くわしい状況: { $origin }/status
    お知らせを止める: { $end }

mail-works-again-subject = 【{ $service }】また使えるようになりました
mail-works-again =
    { $time }にお知らせのご希望をいただいた「{ $component }」が、また使えるようになりました。ご迷惑をおかけしました。

    ログインする: { $origin }/sign-in

    パスワードの再設定は不要です。このお知らせは1回だけお送りしています。
