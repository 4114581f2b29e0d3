"""Imports of the ``ohd`` contract, with their types. Source: the plugin document."""

from typing import Final

from sandbox_child.abi.signatures import import_table

OHD: Final = "ohd"
IMPORTS: Final = import_table(
    OHD,
    {
        "ohd_alloc": "i>i",
        "ohd_free": "ii>",
        "ohd_log": "iii>",
        "ohd_http_request": "iiii>i",
        "ohd_add_reply": "ii>i",
        "ohd_set_custom_field": "ii>i",
    },
)
