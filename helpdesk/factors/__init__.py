"""Second factors: what somebody shows at log-in beside their password.

Modules, highest first; each imports only from its own row and the rows below::

    sign_in         from a password that was right to a session, in one step or two
    overview        what somebody has, and taking it all away
    app             an authenticator app: setting it up, checking its codes
    passkeys        passkeys: adding, checking and removing them
    recovery        recovery codes, each good once
    rows            what the rest of the room shares inside a transaction
    ceremony        what a browser's passkey says, checked; no database
    codes           time-based codes; pure
    enrolment       who has a second factor, and who has to
    tables          the tables

A code or a passkey is accepted in the transaction that marks it as used, so that of two requests
with the same one, one wins. API keys are credentials of their own: no second factor is asked for.
"""
