"""Everything that admins change about plugins, from installing to uninstalling.

::

    box           packages that come with the help desk, and how each stands here
    install_jobs  installations in progress, each with its steps
    refusals      calls that were refused, with the permissions that would allow them
    installer     checks a module, compiles it, and installs it as a plugin or a version
    versions      upgrade, roll back and discard versions
    controls      enable, disable, configure, permissions, limits, restart, uninstall
    change        what every change shares: one at a time per plugin, and each runs to its end
    route_claims  routes that two plugins want
    comparison    the differences between two versions; pure
    fetch         downloads a module from a URL
    key_rotation  replaces the key that secrets are encrypted with
"""
