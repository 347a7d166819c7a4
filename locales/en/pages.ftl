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
sign-in-unlock = Locked out?
sign-in-new = Create an account
sign-in-already = You are signed in as { $login_id }.
sign-in-go-on = Continue

password-show = Show password
password-hide = Hide password
typing-caps = Caps Lock is on.
typing-wide = There are full-width characters in it. Switch to half-width.
typing-pasted = Brackets or a label seem to have come along with it.
typing-marks = The phone seems to have changed quotation marks or dashes in it.
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
sign-up-ask-hint = If so, correct it below. If what you typed is right, enter the password once more and send the form again.

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

unlock-title = Unlock
unlock-lead = After several failed sign-ins we lock sign-in for safety. If you do not want to wait, fill in the field below. We will send a code to your registered address.

code-title = Enter the code
code-lead = We have sent a mail to the address you entered, or to the registered one. Enter the code from it.
code-typed = You typed: { $typed }
code-label = Code (6 digits)
code-hint = Spaces and full-width digits are fine. The code is good for 10 minutes.
code-elsewhere = If you began in another browser, enter the { $word } or e-mail address that you entered there.
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
refused-title = We could not continue
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
close-grace = Within 30 days you can undo this by signing in as usual.
close-no-password = You have no password, so there is none to type.
close-id = Nobody can ever use this { $word } again.
close-submit = Close my account

notice-reset = Your password is changed. Sign in with the new one, and check that your password manager has updated its entry.
notice-unlocked = Your account can be used again. Please sign in.
notice-reopened = Your account is back. Please sign in.
notice-back = Your account is back, and you are signed in.
notice-closed = Your account is closed. For 30 days, signing in brings it back.
ended-signed-out = You are signed out.
ended-signed-out-elsewhere = You were signed out from another device.
ended-password-changed = You were signed out because the password was changed.
ended-expired = You were signed out because you had been away for a while.
ended-account-state = You were signed out because the state of your account changed.

help-title = Help
help-lead = For each reason why signing in fails: what to do first, and what not to do.
help-all = Other reasons
not-found-title = Page not found
not-found-lead = The address is wrong, or the page cannot be seen from this browser.
not-found-home = To the first page
ended-replaced = A newer sign-in took its place.

sign-in-check = Cannot sign in? Check this browser
notice-tidied = An old sign-in of this site was left in your browser. We have tidied it up; you can sign in as usual.
notice-repaired = This site’s data is cleared. Other sites are not affected. Please sign in again.
notice-repaired-blocked = This site’s data is cleared, but your browser does not accept new cookies. Please allow cookies for this site.
code-switched = This seems to have been begun in another browser. To go on here, type what you typed there, and the code from the mail.
sign-up-after-failure-title = Do you have an account already?
sign-up-after-failure = You tried to sign in a moment ago. Signing up again would make a second account.

in-app-title = This page is open inside an app
in-app-lead = Signing in may not last here, or may stop at an external account’s page. Please open it in Safari or Chrome.
in-app-address = Copy this address and paste it into your browser
in-app-copy = Copy the address
in-app-copied = Copied

repair-title = Clear this site’s data
repair-lead = For when old data keeps you from signing in. The button clears only what this site has left in this browser.
repair-does-cookies = Removes old sign-ins (cookies) and signs you out
repair-does-cache = Removes old pages and data that were kept
repair-does-worker = Removes leftovers of an earlier site
repair-keeps = Your account does not change. We still know this device, and you still get to where you were going.
repair-submit = Clear this site’s data
repair-not-all = Please do not use the browser’s “clear all cookies”: it signs you out of every other site as well.

check-title = Check this browser
check-lead = This finds out whether something in this browser keeps you from signing in. You need no account for it.
check-fine-title = Nothing wrong was found in this browser
check-before-lead = Your browser is not what stopped you a moment ago. The reason was: { $title }. Here is what to do about it.
check-fine-lead = Please go on to the sign-in page. If that does not work, choose below what you see, or try another device.
check-lines-title = What we looked at
check-result-ok = Fine:
check-result-problem = Look here:
check-result-unknown = Not known yet:
check-cookies-ok = Cookies are kept and come back.
check-cookies-problem = Cookies are not kept. Please allow cookies for this site in the browser’s settings.
check-cookies-unknown = Cookies have not been looked at yet.
check-cookie-size-ok = The cookies weigh { $kib } KB or less.
check-cookie-size-problem = About { $kib } KB of cookies have piled up. Try “Clear this site’s data”.
check-old-cookies-ok = No old sign-in is left.
check-old-cookies-problem = An old sign-in is left. “Clear this site’s data” removes it.
check-script-ok = This page’s JavaScript runs.
check-script-off = JavaScript is off. You can sign in all the same; with it we could look closer.
check-script-problem = This page’s JavaScript is being stopped. Please allow this site in your add-ons or security software.
check-script-unknown = Whether JavaScript runs is not known yet.
check-storage-ok = This site can store data.
check-storage-problem = This site cannot store data. Please look at private browsing and your settings.
check-storage-unknown = Storage has not been looked at yet.
check-service-worker-ok = Nothing of an earlier site is left.
check-service-worker-problem = Something of an earlier site is left. “Clear this site’s data” removes it.
check-service-worker-unknown = Whether something of an earlier site is left is not known yet.
check-clock-ok = The device’s clock is right.
check-clock-problem = The device’s clock is about { $minutes } minutes { $ahead ->
    [yes] ahead
   *[no] behind
 }. Please set date and time automatically.
check-clock-unknown = The device’s clock has not been looked at yet.
check-version-ok = The page is up to date.
check-version-problem = A page or part from before an update is in use. Please reload the page.
check-unchanged-ok = Nothing is changed on the way.
check-unchanged-problem = What is sent is changed on the way. Please look at add-ons, security software, or a company network.
check-in-app-ok = This is not a browser inside an app.
check-in-app-problem = This is a browser inside an app. Please open the page in Safari or Chrome.
check-browser-ok = The browser is recent enough.
check-browser-problem = The browser seems old. Please update it or use another one.
check-transport-ok = Connection: { $http }
check-transport-problem = The connection is not secure (https) ({ $http }).
check-reach-ok = This browser reaches the sign-in server.
check-platform-ok = The service is working.
check-platform-problem = Something is wrong on our side. We are sorry.
check-symptom-title = What is happening? (You may leave this out)
check-again = Check again
check-other-title = Try on another device
check-other-lead = Open this QR code or address on another phone or computer. The result is added to this reference number.
check-qr = QR code that opens { $address }
check-joined = This check belongs to reference { $reference }. Please try to sign in here and tell us how it went.
check-try-sign-in = Try to sign in here
check-works = It works here
check-fails = It fails here, too
symptom-same-error = The same error again and again
symptom-loop = Sent to and fro between pages
symptom-bounced-to-sign-up = Thrown back to the sign-up page
symptom-sudden-logout = Suddenly signed out
symptom-blank = A blank page
symptom-button-dead = A button does nothing
symptom-no-mail = No mail arrives
symptom-page-down = The page does not open
symptom-works-elsewhere = It works in another browser or device
symptom-provider-page-error = An error on the external service’s page
symptom-not-returned = The external service does not send me back
symptom-refused-after-provider = Refused after coming back from the external service
session-over-title = Please sign in again
session-over-lead = The earlier sign-in that was left here is tidied away. You can sign in below.
check-version-unknown = Whether the page is up to date is not known yet.
check-unchanged-unknown = Whether anything is changed on the way is not known yet.
check-reach-problem = The sign-in server is busy or not answering. Please try again in a while.
sign-up-done-title = You are signed up
sign-up-done-next = Go on
sign-in-fold = Show the sign-in form
page-error = Error: { $title }
help-search = Look up the words of an error
help-search-hint = Paste the sentence or the error code that you saw, here or on another service’s page.
help-search-submit = Look up
help-found-title = Possible reasons
help-found-none = We found nothing for these words. A check of your browser may show the reason.
help-symptoms = What people see most
help-symptom-forgot = I forgot my ID or password
help-symptom-locked = I am locked out
help-symptom-no-mail = The mail with the code does not come
help-symptom-provider = I do not get back from another service
help-symptom-loop = I am sent back and forth between pages
help-symptom-same-error = I get the same error every time
family-credential = IDs, passwords and codes
family-browser = Browser, device, network
family-external = External accounts
family-platform = Outages and maintenance
family-other = Other
check-fine-count = { $count ->
    [one] One thing is fine
   *[other] { $count } things are fine
}
how-check = Check whether it helped
how-others = Steps for others
how-choose = Choose what you use
how-choose-mail = Choose your mailbox
how-version = These are the words of { $version }. In other versions names and places may differ a little.
how-title = Step by step
mail-page-title = Mails that were sent
mail-page-lead = For trying things out: the last 50 mails since the start, the newest first. This machine alone can see them.
mail-page-none = No mail has left yet. It may take a few seconds.
mail-page-to = To:
mail-page-again = Reload
mail-page-link = Trying things out? Read the mails that were sent
