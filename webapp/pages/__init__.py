"""The pages that people see: one module a page, each with its own blueprint.

::

    mail, mail_letters, mail_templates
                   Admin: email
    ticket_links, ticket_files
                   linking and merging tickets; their files
    saved_views, ticket_new
                   views that staff keep; a new ticket
    ticket, ticket_bulk, ticket_list, ticket_split
                   tickets
    canned_replies
                   texts that staff keep
    login, invitation, forgotten, sign_up, setup, profile, notifications, notification_choices
                   one's own account
    rate           how a requester rates a ticket by a link in an email
    second_factor, second_step
                   one's second factors, and showing one at log-in
    people, organizations, groups, catalogue, statuses, settings, audit
                   Admin: the help desk
    plugins, installs, plugin, review, versions, deliveries, plugin_log, egress, sandbox
                   Admin: plugins; ``review`` grants permissions, ``versions`` compares versions
    drafts, events, presence, process_stream, panels
                   what open pages ask for: what is not sent yet, changes, who else is
                   there, processes, panels
    dashboard      widgets of plugins
    dashboard_layout
                   how a person has arranged them; pure
    plugin_routes  paths that plugins declare, served where no page of ours is
    plugin_bodies  what a visitor sends to such a path
    plugin_frames  documents of plugins, which have no origin
    widget_calls   the function behind a widget, called for the visitor
    plugin_webhooks
                   signatures in the place of a login
    plugin_requests
                   what a plugin learns of a request
    plugin_answers  what a plugin's function returned, as an answer; pure
    ticket_view    the ticket page, built from what is known of a ticket
    plugin_slots   widgets of plugins on pages of tickets
    scope_choices  whose a thing is that staff keep
    list_place     the list that a ticket was opened from
    views          built-in and saved views of the ticket list
    numbered_links
                   the list's addresses as plugins write them
    list_offers    options of the filters above the ticket list
    list_query     the address of the ticket list, read and checked
    choices        options of selects in ticket forms
    options        options of a select, rendered once for many pages
    plugin_frame   head and tabs of every page of one plugin
    plugin_forms   forms that are generated from a plugin's settings and limits
    frames         hosts that a ticket page may frame
    unchanged      refuses a form that was shown for another state
    outcomes       how a form ended: done, or what is wrong
    asked          filters in an address, refused by name where they make no sense
    paging         links to the pages of a list
"""
