skip = Skip to content
support = Contact us
back-home = Back to My Page
back-to-sign-in = Go to sign-in
login-id-word = { $word }

sign-in-title = Sign in
sign-in-login = Your { $word } or e-mail address
sign-in-login-hint = You can also paste the address of your own page.
sign-in-password = Password
sign-in-remember = Keep me signed in on this device (30 days)
sign-in-submit = Sign in
sign-in-forgot = Forgot your { $word } or password?
sign-in-unlock = End a pause by e-mail
sign-in-new = Create an account
sign-in-already = You are signed in as { $login_id }.
sign-in-go-on = Continue

password-show = Show password
password-hide = Hide password
typing-caps = Caps Lock is on.
typing-wide = There are full-width characters in it. Switch to half-width.
typing-space = There is a space before or after it.

sign-out-title = Sign out
sign-out-submit = Sign out

sign-up-title = Create an account
sign-up-have = Already a member?
sign-up-login-id = Choose a { $word }
sign-up-login-id-hint = 3 to 24 lower-case letters, digits, hyphens or underscores, beginning with a letter. It is public and cannot be changed later.
sign-up-email = E-mail address
sign-up-email-hint = We will send a code to it.
sign-up-submit = Send the code
sign-up-ask-title = Please check your e-mail address
sign-up-ask = Did you mean “{ $meant }”?
sign-up-ask-hint = If so, correct it below. If yours is right as it is, enter the password once more and send the form again.

new-password-title = New password
new-password-lead = When you set a new password, every other device is signed out.
new-password-label = New password
new-password-hint = At least { $min } characters. Symbols and capitals are not required; a long phrase is easier to remember and safer.
new-password-submit = Set this password

recover-title = Forgot your { $word } or password?
recover-lead = Enter the e-mail address you registered, or your { $word }. We will mail you your { $word } and a code.
recover-step-1 = Enter your address or { $word }
recover-step-2 = Open the mail (your { $word } is in it, too)
recover-step-3 = Enter the six-digit code
recover-step-4 = Choose a new password
recover-hint = Not sure which address you used? Try yours one after the other. An address without an account gets a mail that says so.
recover-submit = Send the code
recover-id-title = If you only need your { $word }
recover-id-mail = It is in the mail that confirmed your registration. Search your inbox for “{ $service } registration”.
recover-id-url = It is the last part of the address of your own page.

unlock-title = End the pause
unlock-lead = After several failed sign-ins we pause for safety. If you do not want to wait, enter the code that we send to your registered address.

code-title = Enter the code
code-lead = We have sent a mail to the address you entered, or to the registered one. Enter the code from it.
code-label = Code (6 digits)
code-hint = Spaces and full-width digits are fine. The code is good for 10 minutes.
code-elsewhere = If you began in another browser, enter again what you entered there.
code-submit = Continue
code-sent-again = We have sent another mail. Only the code in the newest mail works.
code-none-title = No mail?
code-none-junk = Look into your junk folder.
code-none-domain = If your mail provider filters senders, allow { $from }.
code-none-address = Check that the address is right, and that you did not register another one.
code-resend = Send it again
code-resend-in = You can send it again in { $seconds } seconds.
code-resend-countdown = You can send it again in 00 seconds.
code-lost = I can no longer receive mail at this address
code-restart = Start again

confirm-title = Confirm by mail to see the details
refused-title = We could not go on
refused-restart = Start again
why-title = Why you could not sign in
why-at = About your attempt of { $time }
why-resolved = You have signed in since.

reopen-title = This account is closed
reopen-lead = It was closed less than 30 days ago, so you can have it back. Reopen it?
reopen-submit = Reopen my account

home-title = My Page
home-welcome = Your account is ready. We have mailed you your { $word }; keep that mail.
home-receipt = You are signed in as { $login_id }.
home-last = Last sign-in: { $time }
home-check-title = Be prepared
home-check-lead = While you are signed in, check that all of this is right.
home-password = Password
home-password-set = set on { $time }
home-password-none = not set
home-emails = E-mail addresses
home-sessions = { $count ->
    [one] { $count } device
   *[other] { $count } devices
 }
home-second-email = You have only one address. Add a second one in case you lose it.
home-attempts = Recent activity
home-when = When
home-what = What
home-where = Device
home-signed-in = Signed in
home-since = Member since { $time }

sessions-title = Where you are signed in
sessions-lead = If you do not recognise a device, sign it out and change your password.
sessions-current = this device
sessions-begun = Signed in: { $time }
sessions-seen = Last used: { $time }
sessions-network = Network: { $network }
sessions-revoke = Sign out
sessions-revoke-others = Sign out everywhere else
sessions-revoked = Signed out.
sessions-unknown-browser = Unknown browser

security-title = Password and e-mail addresses
security-password = Change your password
security-current = Current password
security-change = Change password
security-password-changed = Your password is changed. Other devices are signed out.
security-email-changed = Your e-mail addresses are updated.
email-primary = main
email-make-primary = Make it the main one
email-remove = Remove
email-add-title = Add an e-mail address
email-add = Send the code

close-title = Close your account
close-lead = This closes { $login_id } and signs it out everywhere.
close-grace = For 30 days you can have it back by signing in with the same { $word } and password.
close-id = Nobody can ever use this { $word } again.
close-submit = Close my account

notice-reset = Your password is changed. Sign in with the new one, and check that your password manager has updated its entry.
notice-unlocked = The pause after failures, or the long sleep, is over. Please sign in.
notice-reopened = Your account is back. Please sign in.
notice-closed = Your account is closed. For 30 days, signing in brings it back.
ended-signed-out = You are signed out.
ended-signed-out-elsewhere = You were signed out from another device.
ended-password-changed = You were signed out because the password was changed.
ended-expired = You were signed out because you had been away for a while.
ended-account-state = You were signed out because the state of your account changed.

help-title = Help
help-lead = For each reason why signing in fails: what to do first, and what to leave alone.
help-all = Other reasons
not-found-title = Page not found
not-found-lead = The address is wrong, or the page cannot be seen from this browser.
not-found-home = To the first page
