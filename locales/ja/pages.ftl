skip = 本文へ進む
support = お問い合わせ
back-home = マイページに戻る
back-to-sign-in = ログイン画面へ
login-id-word = { $word }

sign-in-title = ログイン
sign-in-login = { $word }またはメールアドレス
sign-in-login-hint = ご自分のページのURLを貼り付けても使えます。
sign-in-password = パスワード
sign-in-remember = この端末ではログインしたままにする(30日間)
sign-in-submit = ログインする
sign-in-forgot = { $word }・パスワードを忘れた
sign-in-unlock = 一時停止をメールで解除する
sign-in-new = 新しく登録する
sign-in-already = すでに { $login_id } でログインしています。
sign-in-go-on = このまま進む

password-show = パスワードを表示する
password-hide = パスワードを隠す
typing-caps = Caps Lock がオンになっています。
typing-wide = 全角の文字が入っています。半角に切り替えてください。
typing-space = 前後に空白が入っています。

sign-out-title = ログアウト
sign-out-submit = ログアウトする

sign-up-title = 新規登録
sign-up-have = すでに登録している方は
sign-up-login-id = { $word }
sign-up-login-id-hint = 半角の英小文字・数字・ハイフン・アンダーバーで3〜24文字、先頭は英字です。公開され、あとから変更できません。
sign-up-email = メールアドレス
sign-up-email-hint = 確認コードをお送りします。
sign-up-submit = 確認コードを送る
sign-up-ask-title = メールアドレスをご確認ください
sign-up-ask = 「{ $meant }」ではありませんか。
sign-up-ask-hint = 違っていたら下の欄で直してください。このままでよければ、パスワードをもう一度入力して、もう一度送信してください。

new-password-title = 新しいパスワード
new-password-lead = 新しいパスワードを決めると、ほかの端末からはすべてログアウトします。
new-password-label = 新しいパスワード
new-password-hint = { $min }文字以上。記号や大文字は必須ではありません。長い文のほうが、覚えやすく安全です。
new-password-submit = このパスワードにする

recover-title = { $word }・パスワードを忘れた方
recover-lead = 登録したメールアドレス、または{ $word }を入力してください。{ $word }と確認コードをメールでお送りします。
recover-step-1 = メールアドレスか{ $word }を入力する
recover-step-2 = 届いたメールを開く({ $word }も書いてあります)
recover-step-3 = 6桁の確認コードを入力する
recover-step-4 = 新しいパスワードを決める
recover-hint = どのアドレスで登録したかわからないときは、心当たりのあるアドレスを、1つずつお試しください。登録がなければ、その旨のメールが届きます。
recover-submit = 確認コードを送る
recover-id-title = { $word }だけを知りたいとき
recover-id-mail = 登録完了のメールに書いてあります。受信箱を「{ $service } 登録」で検索してください。
recover-id-url = ご自分のページのURLの最後の部分が{ $word }です。

unlock-title = 一時停止を解除する
unlock-lead = ログインの失敗が続くと、安全のため一時的に止まります。待たずに解除したいときは、登録したメールアドレスに届く確認コードを入力してください。

code-title = 確認コードの入力
code-lead = 入力された宛先、または登録済みのアドレスに、メールをお送りしました。届いたメールの確認コードを入力してください。
code-label = 確認コード(6桁)
code-hint = 全角でも、空白が入っていてもかまいません。コードは10分間有効です。
code-elsewhere = 別のブラウザーで手続きを始めた場合は、そのとき入力したものをもう一度入力してください。
code-submit = 次へ
code-sent-again = もう一度お送りしました。新しいメールのコードだけが使えます。
code-none-title = メールが届かないとき
code-none-junk = 迷惑メールのフォルダーをご確認ください。
code-none-domain = 携帯電話会社のメールをお使いの方は、{ $from } からの受信を許可してください。
code-none-address = アドレスの入力に間違いがないか、別のアドレスで登録していないか、ご確認ください。
code-resend = もう一度送る
code-resend-in = あと { $seconds } 秒で送れます。
code-resend-countdown = あと 00 秒で送れます。
code-lost = このアドレスのメールはもう受け取れません
code-restart = 最初からやり直す

confirm-title = メールで詳しい理由を確かめる
refused-title = 手続きを進められませんでした
refused-restart = 最初からやり直す
why-title = ログインできなかった理由
why-at = { $time } の手続きについて
why-resolved = このあと、ログインできています。

reopen-title = 退会したアカウントです
reopen-lead = 退会から30日以内なので、元に戻せます。戻しますか。
reopen-submit = アカウントを元に戻す

home-title = マイページ
home-welcome = 登録が完了しました。{ $word }を書いたメールをお送りしました。大切に保管してください。
home-receipt = { $login_id } としてログインしています。
home-last = 最後のログイン: { $time }
home-check-title = ログインできなくなったときの備え
home-check-lead = ログインできているうちに、次の内容をお確かめください。
home-password = パスワード
home-password-set = { $time } に設定
home-password-none = 設定されていません
home-emails = メールアドレス
home-sessions = { $count } 件
home-second-email = アドレスが1つだけです。使えなくなったときのために、もう1つ登録しておくと安心です。
home-attempts = 最近の記録
home-when = 日時
home-what = 内容
home-where = 端末
home-signed-in = ログイン
home-since = 登録日時: { $time }

sessions-title = ログイン中の端末
sessions-lead = 心当たりのない端末があれば、ログアウトさせて、パスワードを変更してください。
sessions-current = この端末
sessions-begun = ログイン: { $time }
sessions-seen = 最後の利用: { $time }
sessions-network = ネットワーク: { $network }
sessions-revoke = ログアウトさせる
sessions-revoke-others = この端末以外をすべてログアウトさせる
sessions-revoked = ログアウトさせました。
sessions-unknown-browser = 不明なブラウザー

security-title = パスワードとメールアドレス
security-password = パスワードを変更する
security-current = 現在のパスワード
security-change = 変更する
security-password-changed = パスワードを変更しました。ほかの端末からはログアウトしました。
security-email-changed = メールアドレスを更新しました。
email-primary = メイン
email-make-primary = メインにする
email-remove = 削除する
email-add-title = メールアドレスを追加する
email-add = 確認コードを送る

close-title = 退会
close-lead = { $login_id } を退会します。すべての端末からログアウトします。
close-grace = 30日以内なら、同じ{ $word }とパスワードでログインすると元に戻せます。
close-id = 同じ{ $word }は、どなたも二度と使えません。
close-submit = 退会する

notice-reset = パスワードを変更しました。新しいパスワードでログインしてください。パスワード管理アプリの内容も更新されているか、ご確認ください。
notice-unlocked = 失敗による一時停止や休止を解除しました。ログインしてください。
notice-reopened = アカウントを元に戻しました。ログインしてください。
notice-closed = 退会しました。30日以内なら、ログインすると元に戻せます。
ended-signed-out = ログアウトしました。
ended-signed-out-elsewhere = 別の端末からの操作でログアウトしました。
ended-password-changed = パスワードが変更されたため、ログアウトしました。
ended-expired = しばらくご利用がなかったため、ログアウトしました。
ended-account-state = アカウントの状態が変わったため、ログアウトしました。

help-title = ヘルプ
help-lead = ログインできない理由ごとに、まずすることと、しないほうがよいことをまとめています。
help-all = ほかの理由を見る
not-found-title = ページが見つかりません
not-found-lead = URLが間違っているか、このブラウザーからは表示できないページです。
not-found-home = 最初のページへ
