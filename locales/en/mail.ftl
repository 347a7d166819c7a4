mail-foot =
    { $service }
    { $origin }
    Contact: { $support }
    This mail was sent automatically from { $from }. Replies are not read.

mail-foot-plain =
    { $service }
    { $origin }
    This mail was sent automatically from { $from }. Replies are not read.

mail-sign-up-subject = [{ $service }] registration: your code
mail-sign-up =
    Thank you for choosing { $service }. Your registration is not complete yet.
    To finish, enter this code on the page.

    { $code }

    The code is good for { $minutes } minutes.
    Your { $word }: { $login_id }

    If this was not you, ignore this mail. No account will be made.

mail-already-member-subject = [{ $service }] you already have an account
mail-already-member =
    Somebody began to register with this address, but it has an account already.

    Your { $word }: { $login_id }
    You sign in with: { $methods }

    Sign in: { $origin }/sign-in
    Forgot your password: { $origin }/recover

    If this was not you, ignore this mail. Nothing has changed.

mail-welcome-subject = [{ $service }] registration complete
mail-welcome =
    Your registration with { $service } is complete.

    Your { $word }: { $login_id }
    You sign in with: { $methods }

    Sign in: { $origin }/sign-in

    Should you forget your { $word }, search your inbox for “{ $service } registration” to find this mail. It comes from { $from }.

mail-recover-subject = [{ $service }] your { $word } and code
mail-recover =
    Your { $word }: { $login_id }
    You sign in with: { $methods }

    To set a new password, enter this code on the page.

    { $code }

    Step by step
    1. Go back to the page (in another browser open { $origin }/recover/code)
    2. Enter the code (good for { $minutes } minutes)
    3. Choose a new password
    4. Sign in with the new password

    When a newer mail arrives, this code stops working.
    If this was not you, ignore this mail. Give the code to nobody.

mail-unlock-subject = [{ $service }] code to unlock
mail-unlock =
    To unlock { $login_id }, enter this code on the page.

    { $code }

    The code is good for { $minutes } minutes. Give it to nobody.

mail-confirm-subject = [{ $service }] code to confirm that it is you
mail-confirm =
    To see in detail why you could not sign in, enter this code on the page.

    { $code }

    Your { $word }: { $login_id }
    The code is good for { $minutes } minutes. Give it to nobody.

mail-add-email-subject = [{ $service }] code for your e-mail address
mail-add-email =
    To add this address, enter this code on the page.

    { $code }

    The code is good for { $minutes } minutes. If this was not you, ignore this mail.

mail-no-account-subject = [{ $service }] no account with this address
mail-no-account =
    Somebody asked for the { $word } or password of { $email }, but there is no account with this address.

    You can
    - try again with another e-mail address of yours
    - search your inbox for “{ $service } registration” to find the mail that confirmed it
    - use the last part of the address of your own page (your { $word })

    Not registered yet? { $origin }/sign-up

    If this was not you, ignore this mail.

mail-new-device-subject = [{ $service }] sign-in from a new device
mail-new-device =
    There was a sign-in to { $login_id } from a device we had not seen before.

    Time: { $time }
    Device: { $browser }

    If it was you, there is nothing to do.
    If not, set a new password at once. It signs out every device.
    { $origin }/recover

mail-locked-subject = [{ $service }] sign-in is locked
mail-locked =
    After many failed sign-ins to { $login_id } we have locked it until { $time }.

    If it was you: wait until then, or unlock it at { $origin }/unlock
    If it was not: somebody else has tried. None of these tries got in, and devices on which you have signed in before still work.

mail-password-changed-subject = [{ $service }] your password was changed
mail-password-changed =
    The password of { $login_id } was changed on { $time }. Other devices were signed out.

    If this was not you, set a new password at once.
    { $origin }/recover

mail-email-added-subject = [{ $service }] e-mail address added
mail-email-added =
    The e-mail address { $email } was added to { $login_id } on { $time }.

    If this was not you, set a new password at once.
    { $origin }/recover

mail-email-removed-subject = [{ $service }] e-mail address removed
mail-email-removed =
    The e-mail address { $email } was removed from { $login_id } on { $time }.

    If this was not you, set a new password at once.
    { $origin }/recover

mail-email-primary-subject = [{ $service }] main e-mail address changed
mail-email-primary =
    The main e-mail address of { $login_id } became { $email } on { $time }.

    If this was not you, set a new password at once.
    { $origin }/recover

mail-closed-subject = [{ $service }] your account is closed
mail-closed =
    { $login_id } was closed on { $time }.

    For 30 days you can have it back by signing in with the same { $word } and password.
    { $origin }/sign-in

mail-unlocked-by-us-subject = [{ $service }] unlocked; the fault was ours
mail-unlocked-by-us =
    Signing in to { $login_id } was locked after failures. They fell into an outage of ours, so we take the fault on us. We are sorry.

    We unlocked it at { $time }. You can sign in with the same password as before; there is no need to reset it.

    Sign in: { $origin }/sign-in

mail-subscribe-subject = { $service }: please confirm your subscription
mail-subscribe =
    Somebody asked for notices of { $service } about incidents and maintenance at this address. If it was you, please confirm on this page.

    { $confirm }

    If it was not you, ignore this mail. No notices will be sent.

mail-notice-subject = { $service }: { $title } ({ $stage })
mail-notice =
    { $title }
    Status: { $stage }

    { $body }

    Details: { $origin }/status
    Stop these notices: { $end }

mail-notice-until-subject = { $service }: { $title } ({ $stage })
mail-notice-until =
    { $title }
    Status: { $stage }
    Next update: about { $time }

    { $body }

    Details: { $origin }/status
    Stop these notices: { $end }

mail-notice-window-subject = { $service }: { $title } ({ $stage })
mail-notice-window =
    { $title }
    Status: { $stage }
    From { $from } to about { $time }

    { $body }

    Details: { $origin }/status
    Stop these notices: { $end }

mail-works-again-subject = { $service }: it works again
mail-works-again =
    On { $time } you asked to be told about “{ $component }”. It works again. We are sorry for the trouble.

    Sign in: { $origin }/sign-in

    There is no need to reset your password. This is the only mail about it.
