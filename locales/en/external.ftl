providers-title = Sign in with another service
provider-sign-in = Sign in with { $provider }
provider-last = Last used on this device
provider-degraded = { $provider } has been unreliable since { $time }. If it fails, sign in another way.
provider-down = { $provider } has been failing since { $time }. Sign in another way. There is no need to unlink anything or to reset a password.
provider-ours = Our connection to { $provider } has been faulty since { $time }. Sign in another way.
provider-in-app = { $provider } does not work in a browser inside an app. Open this page in Safari or Chrome.

external-again = Sign in with { $provider } again
external-choose = Choose another { $provider } account
external-other = Sign in another way

seen-legend = What did { $provider } show you?
seen-other = If you saw something else
seen-submit = Find the cause
error-saw-empty = Choose what comes closest.

screen-frozen = The account is suspended, disabled or locked
screen-verify = I was asked for a second step or for proof of identity, and could not go on
screen-password-there = My { $provider } password was wrong, or I cannot remember it
screen-no-such-account = The account was not found, or has been deleted
screen-other-account = Somebody else, or another account of mine, was signed in there
screen-browser-refused = This browser or app is not supported there
screen-admin-blocked = An administrator (company, school, parent) does not allow it
screen-something-wrong = "Something went wrong", without a reason
screen-their-trouble = The service is not available at the moment
screen-our-fault = An error about the request, such as "redirect_uri" or "invalid client"
screen-closed = I cancelled, or closed the page
screen-top-page = I ended up on { $provider }'s front page
screen-blank = Nothing, or a page that never finished loading
screen-none-of-these = None of these
screen-google-frozen = "Account disabled"
screen-google-browser-refused = "Access blocked: this browser or app may not be secure" (disallowed_useragent)
screen-google-admin-blocked = "Access blocked: your institution's admin needs to review this app" (admin_policy_enforced)
screen-google-our-fault = "Error 400: redirect_uri_mismatch" or "This app's request is invalid"
screen-google-other-account = The account I wanted was not in the list
screen-apple-verify = I was asked to set up two-factor authentication, or for a code
screen-apple-frozen = "This Apple Account has been locked for security reasons"
screen-apple-our-fault = "Sign up not completed" or "invalid_client"
screen-x-something-wrong = "Something went wrong" or "You weren't able to give access to the App"
screen-x-frozen = "Your account is suspended" or "Your account has been locked"
screen-yahoo-japan-frozen = An error that begins with F, such as F001 (suspended, or to be confirmed)
screen-yahoo-japan-top-page = Yahoo! JAPAN's front page, after I pressed "I do not agree"
screen-yahoo-japan-verify = I was asked for a code by SMS, or for a fingerprint or face
screen-line-password-there = The e-mail address or password is not correct
screen-line-our-fault = A page saying "400 Bad Request"
screen-line-browser-refused = The LINE app opened and did not lead back

choose-title = This { $provider } account is not linked yet
choose-identity = The account that came back from { $provider }: { $identity }
choose-have-title = I already have an account
choose-have-lead = Show that it is yours the way you usually do, and from then on this works, too.
choose-have-submit = Sign in and link
choose-mail-lead = No password, or forgotten? Enter only your { $word } or e-mail address and use this button.
choose-mail = Link with a code by mail
choose-new-title = I am new here
choose-vouched = E-mail address of the new account: { $email } (confirmed by { $provider })
choose-email-hint = We will send a code to it.
choose-new-submit = Create an account
choose-present = You are signed in as { $login_id }
choose-link = Link it to this account

links-title = Linked accounts
links-lead = You can sign in with a linked account instead of a password.
links-none = No account is linked.
links-made = Linked: { $time }
links-used = Last used: { $time }
links-test = Test it
links-relink = Link again
links-remove = Unlink…
links-remove-lead = You will no longer be able to sign in with { $provider }. Your account and what you posted stay.
links-remove-submit = Unlink
links-retired = This service no longer offers it.
links-add = Link another account
links-add-one = Link { $provider }
links-no-password = You have no password. Setting one helps when the other service is not available.
links-set-password = Set a password
links-done-linked = Linked.
links-done-relinked = Linked again. It has just been shown to work: you can sign in with it.
links-done-removed = Unlinked.
links-done-not-linked = You are signed in, but that account is linked elsewhere by now, or the time was up.
link-state-ok = Works (since { $time }; { $how })
link-state-reauth-needed = You have to sign in there again (since { $time }; { $how })
link-state-suspended-there = Suspended there (since { $time }; { $how })
link-state-gone = The permission was taken back there (since { $time }; { $how })
link-state-purged = The account there was deleted (since { $time }; { $how })
link-state-lapsed = The permission there has ended: it was taken back, or it ran out. "Link again", or signing in that way once more, brings it back ({ $time }; { $how })
link-source-check = as our own check showed
link-source-push = as the service told us
link-source-callback = as signing in showed

methods-title = My ways to sign in
methods-at = As of { $time }
methods-address = Where to sign in
methods-lead = No password or other secret is written here. Print or save it for a day when you are locked out.
methods-save = Save as a file
methods-print = Print
method-password = a password
method-none = no password yet (a code by mail lets you set one)

ended-provider-ended = You were signed out because the other service told us to.
notice-tested = The link works. You can sign in with this account.
notice-linked = Linked. From now on you can sign in this way, too.
new-password-once-lead = You can also sign in this once without setting a password.
new-password-once = Sign in once without a password
error-sign-in-again = For safety, sign out, sign in again, and then do this.

mail-way-in-subject = [{ $service }] How you sign in, and a code
mail-way-in =
    { $word }: { $login_id }

    This account has no password. You can sign in with:
    { $methods }

    Sign in: { $origin }/sign-in

    If that does not work, type this code on the page. You can then set a password, or sign in this once.

    { $code }

    The code is good for { $minutes } minutes. In another browser, open { $origin }/recover/code.

    If it is not you, ignore this mail. Never give the code to anybody.

mail-prove-subject = [{ $service }] Your code for linking { $provider }
mail-prove =
    { $provider } ({ $identity }) is about to be linked to this account.
    { $word }: { $login_id }

    If it is you, type this code on the page. From then on you can sign in with { $provider }, too.

    { $code }

    The code is good for { $minutes } minutes.

    If it is not you, ignore this mail; nothing is linked. Never give the code to anybody.

mail-link-added-subject = [{ $service }] An account was linked
mail-link-added =
    { $provider } ({ $identity }) was linked on { $time }.
    { $word }: { $login_id }

    If that was not you, unlink it at once and change your password:
    { $origin }/account/links

mail-link-replaced-subject = [{ $service }] A linked account was replaced
mail-link-replaced =
    The link with { $provider } was replaced on { $time }.
    Before: { $before }
    Now: { $identity }
    { $word }: { $login_id }

    If that was not you, unlink it at once and change your password:
    { $origin }/account/links

mail-link-removed-subject = [{ $service }] An account was unlinked
mail-link-removed =
    { $provider } ({ $identity }) was unlinked on { $time }.
    { $word }: { $login_id }

    If that was not you, change your password at once:
    { $origin }/account/security

mail-link-changed-subject = [{ $service }] { $provider } reports a change
mail-link-changed =
    { $provider } told us something about your linked account ({ $identity }).
    What: { $what }
    When: { $time }
    { $word }: { $login_id }

    If you cannot sign in with { $provider }, use your password or another way. See how it stands and add another way here:
    { $origin }/account/links

mail-provider-down-subject = [{ $service }] Signing in with { $provider } fails
mail-provider-down =
    Signing in with { $provider } has been failing since { $time }; the fault seems to be { $provider }'s.
    The sign-in page offers other ways. { $provider } is offered again by itself once it works.

mail-provider-refuses-subject = [{ $service }] Check the settings of { $provider }
mail-provider-refuses =
    { $provider } has been refusing this service since { $time }. The client ID, the secret or the redirect URL does not fit.
    "kagiya doctor" says more.

because-provider-denied = "Do not allow" or "Cancel" was chosen at { $there } ({ $code })
because-provider-trouble = { $There } did not answer, or says that it is in trouble ({ $code })
because-provider-down = { $There } has been failing since { $time }
because-provider-refused-us = { $There } refused our connection ({ $code })
because-provider-setup-wrong = Our connection to { $there } has been set up wrongly since { $time }
because-provider-wants-act = { $There } wants you to act on its page ({ $code })
because-provider-wants-consent = { $There } has no consent of yours any more ({ $code })
because-provider-policy = An administrator's policy there forbids it ({ $code })
because-provider-froze = { $There } says that the account is suspended ({ $code })
because-provider-forbids-browser = { $There } refused this browser ({ $code })
because-provider-forbids-in-app = { $There } lets no browser inside an app in
because-clocks-differ = { $whose ->
    [ours] The clock of our server is about { $seconds } seconds { $ahead ->
        [yes] behind
       *[no] ahead of
     } { $there }; other clocks do not agree with it either
    [theirs] The clock of { $there } is about { $seconds } seconds { $ahead ->
        [yes] ahead
       *[no] behind
     }; ours agrees with other clocks
   *[unknown] The clocks of { $there } and of our server are about { $seconds } seconds apart; which of them is wrong is not known
 }
because-provider-code-unknown = { $There } answered with an error that we do not know ({ $code })
because-token-dead = The permission that was just given did not work there ({ $code })
because-ticket-refused = The sign-in result from { $there } was not accepted ({ $code })
because-ticket-used = The sign-in result that came back was used already
because-ticket-code-used = The ticket from { $there } had been used already ({ $code })
because-ticket-code-late = The ticket from { $there } came too late ({ $code })
because-ticket-other-issuer = What came back names another service than { $there } ({ $code })
because-id-token-missing = { $There } gave no identity token ({ $code })
because-id-token-unreadable = The identity token of { $there } cannot be read ({ $code })
because-id-token-algorithm = The identity token of { $there } is signed in a way that was not agreed ({ $code })
because-id-token-unknown-key = The identity token of { $there } is signed with a key that it does not publish ({ $code })
because-id-token-keys-not-served = { $There } does not serve the keys for its identity tokens ({ $code })
because-id-token-signature = The signature of the identity token of { $there } does not fit ({ $code })
because-id-token-issuer = The identity token names another issuer than { $there } ({ $code })
because-id-token-audience = The identity token of { $there } is for another service than this ({ $code })
because-id-token-nonce = The identity token of { $there } belongs to another try ({ $code })
because-id-token-time = By our clock, the time of the identity token of { $there } is over ({ $code })
because-id-token-not-yet = By our clock, the time of the identity token of { $there } has not come yet ({ $code })
because-id-token-subject = The identity token of { $there } does not say who it is about ({ $code })
because-others-return = Others come back from { $there } and sign in now
because-nobody-returns = Nobody has come back from { $there } of late; before, people did
because-nobody-returned-yet = Nobody has come back from { $there } yet
because-tickets-all-refused = The sign-in results of nearly everybody are being refused
because-answer-incomplete = What came back holds no result
because-state-unknown = What came back belongs to nothing that was begun here
because-journey-too-old = You left for { $there } { $minutes } minutes ago
because-not-returned = You left for { $there } { $minutes } minutes ago and have not come back
because-started-again = It was begun again without a return
because-saw-frozen = You saw that the account is suspended or locked
because-saw-verify = You were asked for a second step or proof of identity
because-saw-password-there = The password there did not work
because-saw-no-such-account = The account was not found there
because-saw-other-account = Another account was signed in there
because-saw-browser-refused = The browser was refused there
because-saw-admin-blocked = You saw that an administrator does not allow it
because-saw-something-wrong = You saw an error without a reason
because-saw-their-trouble = You saw that the service is not available
because-saw-our-fault = You saw an error about the request
because-saw-closed = You cancelled it yourself
because-saw-top-page = You ended up on its front page
because-saw-blank = You saw nothing
because-saw-none-of-these = What you saw was not in the list
because-identity-not-linked = The account that came back is linked to no account here
because-subject-changed = The provider calls the linked account by another name than before
because-other-identity-before = This device used another account of that service before
because-link-removed-here = This account was unlinked here on { $time }
because-identity-of-other = This account is linked to another account here
because-address-elsewhere = An account made another way has the same address
because-address-taken = An account has the same address already
because-link-reauth = { $There } has wanted a new sign-in there since { $time }
because-link-suspended = The account there has been suspended since { $time }
because-link-gone = The permission was taken back there on { $time }
because-link-lapsed = The permission there was taken back or has run out (as seen on { $time })
because-link-purged = The account there was deleted on { $time }
because-provider-retired = This service does not offer it at the moment
because-linked-at = This account is linked to { $provider }
because-last-way-in = There is no other way in that works
because-signed-in-as-other = Who is signed in here has changed since it was begun
because-setup-provider-refuses = What the other service has on record does not fit our settings
because-setup-provider-secret = The secret for the other service runs out soon
because-setup-provider-tickets = The other service refuses nearly every sign-in result
because-setup-job-broke = Something that runs by itself broke and was begun anew
verdict-unlinked-title = No account here is linked to it
verdict-unlinked-lead = If you are new, create an account. If you registered another way before, show that it is you that way.
new-password-ways = Addresses and linked accounts to keep
new-password-ways-hint = Keep nothing that you do not know. What was added lately is unticked: tick what you want to keep. What says “Remove”, such as the address of your sign-up, stays unless you tick it.
new-password-keep = Keep
new-password-drop = Remove
verdict-last-way-title = Not unlinked: it is your only way in
verdict-last-way-lead = Set a password or link another account first.
step-wait-open = Wait a while, then try again
because-at-provider = It was by way of { $provider }

pushed-sessions-revoked = you were signed out everywhere at the other service
pushed-consent-revoked = the permission for this service was taken back at the other service
pushed-disabled-hijacked = the account at the other service was suspended because somebody else may have taken it over
pushed-disabled = the account at the other service was suspended
pushed-enabled = the account at the other service can be used again
pushed-purged = the account at the other service was deleted
pushed-credential-change-required = the other service wants its owner to sign in anew
pushed-identifier-changed = the address at the other service changed
pushed-email-disabled = mail is no longer passed on by the other service
pushed-email-enabled = mail is passed on by the other service again
pushed-signed-out = you signed out at the other service
pushed-verification = the other service is trying the way
pushed-other = the other service told us something else

home-links = Check external accounts
provider-sign-up = Sign up with { $provider }
providers-sign-up-title = Sign up with another service
step-linked-at = Sign in with the button of { $provider }
seen-quiet = Did { $provider } not work?
