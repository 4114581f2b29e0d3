"""Rendering: from values to markup, and the files that browsers get.

::

    process_table       the table of plugins' processes
    templating          a Jinja environment for each language, and its filters
    markup_texts        finds the texts in a template and puts others in their place
    template_cache      compiled templates, kept on disk
    formatting_pool     formats Markdown in a few processes: in turn, and each text once
    formatting_process  the server's end of one such process
    formatting_worker   what such a process does
    markdown            Markdown as safe HTML
    autolinks           bare web addresses as links
    bidi                keeps the direction of foreign text to itself
    qr                  QR codes as drawings in the page
    charts              figures over time as the paths of an SVG; pure
    sentences           sentences of errors and notices in another language
    formatting          figures in a few characters; pure
    catalogues          each language's texts, numbers and direction
    links               addresses of pages
    spreadsheets        CSV that is safe to open
    assets              static files under names that never go stale
    vendored            scripts of others that documents of plugins load, pinned
"""
