"""Mail of strangers, read where it can do no harm.

::

    process    a new fork becomes a mail process: load, lock down, read one message after another
    document   a message as one document, and its files
    structure  which part is the text, which are files
    reports    what mail servers and programs say: bounces, receipts, automatic answers
    headers    headers, decoded
    charsets   bytes to text
    html_text  HTML as Markdown; nothing of it is ever shown as HTML
    quotes     what is new in a text, and what it quotes
    markdown   plain text as Markdown that shows what was written

Parsing is the standard library's. All but ``process`` is pure.
"""
