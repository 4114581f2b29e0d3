from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Empty(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GKRegistration(_message.Message):
    __slots__ = ("name", "version", "description", "author", "license", "homepage", "routes", "menu_items", "widgets", "jobs", "templates", "min_host_version", "permissions", "manifest_json")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    LICENSE_FIELD_NUMBER: _ClassVar[int]
    HOMEPAGE_FIELD_NUMBER: _ClassVar[int]
    ROUTES_FIELD_NUMBER: _ClassVar[int]
    MENU_ITEMS_FIELD_NUMBER: _ClassVar[int]
    WIDGETS_FIELD_NUMBER: _ClassVar[int]
    JOBS_FIELD_NUMBER: _ClassVar[int]
    TEMPLATES_FIELD_NUMBER: _ClassVar[int]
    MIN_HOST_VERSION_FIELD_NUMBER: _ClassVar[int]
    PERMISSIONS_FIELD_NUMBER: _ClassVar[int]
    MANIFEST_JSON_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: str
    description: str
    author: str
    license: str
    homepage: str
    routes: _containers.RepeatedCompositeFieldContainer[RouteSpec]
    menu_items: _containers.RepeatedCompositeFieldContainer[MenuItemSpec]
    widgets: _containers.RepeatedCompositeFieldContainer[WidgetSpec]
    jobs: _containers.RepeatedCompositeFieldContainer[JobSpec]
    templates: _containers.RepeatedCompositeFieldContainer[TemplateSpec]
    min_host_version: str
    permissions: _containers.RepeatedScalarFieldContainer[str]
    manifest_json: bytes
    def __init__(self, name: _Optional[str] = ..., version: _Optional[str] = ..., description: _Optional[str] = ..., author: _Optional[str] = ..., license: _Optional[str] = ..., homepage: _Optional[str] = ..., routes: _Optional[_Iterable[_Union[RouteSpec, _Mapping]]] = ..., menu_items: _Optional[_Iterable[_Union[MenuItemSpec, _Mapping]]] = ..., widgets: _Optional[_Iterable[_Union[WidgetSpec, _Mapping]]] = ..., jobs: _Optional[_Iterable[_Union[JobSpec, _Mapping]]] = ..., templates: _Optional[_Iterable[_Union[TemplateSpec, _Mapping]]] = ..., min_host_version: _Optional[str] = ..., permissions: _Optional[_Iterable[str]] = ..., manifest_json: _Optional[bytes] = ...) -> None: ...

class RouteSpec(_message.Message):
    __slots__ = ("method", "path", "handler", "middleware", "description")
    METHOD_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    HANDLER_FIELD_NUMBER: _ClassVar[int]
    MIDDLEWARE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    method: str
    path: str
    handler: str
    middleware: _containers.RepeatedScalarFieldContainer[str]
    description: str
    def __init__(self, method: _Optional[str] = ..., path: _Optional[str] = ..., handler: _Optional[str] = ..., middleware: _Optional[_Iterable[str]] = ..., description: _Optional[str] = ...) -> None: ...

class MenuItemSpec(_message.Message):
    __slots__ = ("id", "label", "icon", "path", "location", "parent", "order", "children")
    ID_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    ICON_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    PARENT_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    CHILDREN_FIELD_NUMBER: _ClassVar[int]
    id: str
    label: str
    icon: str
    path: str
    location: str
    parent: str
    order: int
    children: _containers.RepeatedCompositeFieldContainer[MenuItemSpec]
    def __init__(self, id: _Optional[str] = ..., label: _Optional[str] = ..., icon: _Optional[str] = ..., path: _Optional[str] = ..., location: _Optional[str] = ..., parent: _Optional[str] = ..., order: _Optional[int] = ..., children: _Optional[_Iterable[_Union[MenuItemSpec, _Mapping]]] = ...) -> None: ...

class WidgetSpec(_message.Message):
    __slots__ = ("id", "title", "description", "handler", "location", "size", "order", "refreshable", "refresh_sec")
    ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    HANDLER_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    REFRESHABLE_FIELD_NUMBER: _ClassVar[int]
    REFRESH_SEC_FIELD_NUMBER: _ClassVar[int]
    id: str
    title: str
    description: str
    handler: str
    location: str
    size: str
    order: int
    refreshable: bool
    refresh_sec: int
    def __init__(self, id: _Optional[str] = ..., title: _Optional[str] = ..., description: _Optional[str] = ..., handler: _Optional[str] = ..., location: _Optional[str] = ..., size: _Optional[str] = ..., order: _Optional[int] = ..., refreshable: _Optional[bool] = ..., refresh_sec: _Optional[int] = ...) -> None: ...

class JobSpec(_message.Message):
    __slots__ = ("id", "handler", "schedule", "description", "enabled", "timeout")
    ID_FIELD_NUMBER: _ClassVar[int]
    HANDLER_FIELD_NUMBER: _ClassVar[int]
    SCHEDULE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    id: str
    handler: str
    schedule: str
    description: str
    enabled: bool
    timeout: str
    def __init__(self, id: _Optional[str] = ..., handler: _Optional[str] = ..., schedule: _Optional[str] = ..., description: _Optional[str] = ..., enabled: _Optional[bool] = ..., timeout: _Optional[str] = ...) -> None: ...

class TemplateSpec(_message.Message):
    __slots__ = ("name", "path", "override")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    OVERRIDE_FIELD_NUMBER: _ClassVar[int]
    name: str
    path: str
    override: bool
    def __init__(self, name: _Optional[str] = ..., path: _Optional[str] = ..., override: _Optional[bool] = ...) -> None: ...

class InitRequest(_message.Message):
    __slots__ = ("config", "host_service")
    class ConfigEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    HOST_SERVICE_FIELD_NUMBER: _ClassVar[int]
    config: _containers.ScalarMap[str, str]
    host_service: int
    def __init__(self, config: _Optional[_Mapping[str, str]] = ..., host_service: _Optional[int] = ...) -> None: ...

class CallRequest(_message.Message):
    __slots__ = ("function", "args_json")
    FUNCTION_FIELD_NUMBER: _ClassVar[int]
    ARGS_JSON_FIELD_NUMBER: _ClassVar[int]
    function: str
    args_json: bytes
    def __init__(self, function: _Optional[str] = ..., args_json: _Optional[bytes] = ...) -> None: ...

class CallResponse(_message.Message):
    __slots__ = ("result_json", "error")
    RESULT_JSON_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    result_json: bytes
    error: str
    def __init__(self, result_json: _Optional[bytes] = ..., error: _Optional[str] = ...) -> None: ...

class DBQueryRequest(_message.Message):
    __slots__ = ("query", "args")
    QUERY_FIELD_NUMBER: _ClassVar[int]
    ARGS_FIELD_NUMBER: _ClassVar[int]
    query: str
    args: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, query: _Optional[str] = ..., args: _Optional[_Iterable[bytes]] = ...) -> None: ...

class DBQueryResponse(_message.Message):
    __slots__ = ("rows_json", "error")
    ROWS_JSON_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    rows_json: _containers.RepeatedScalarFieldContainer[bytes]
    error: str
    def __init__(self, rows_json: _Optional[_Iterable[bytes]] = ..., error: _Optional[str] = ...) -> None: ...

class DBExecRequest(_message.Message):
    __slots__ = ("query", "args")
    QUERY_FIELD_NUMBER: _ClassVar[int]
    ARGS_FIELD_NUMBER: _ClassVar[int]
    query: str
    args: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, query: _Optional[str] = ..., args: _Optional[_Iterable[bytes]] = ...) -> None: ...

class DBExecResponse(_message.Message):
    __slots__ = ("affected_rows", "error")
    AFFECTED_ROWS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    affected_rows: int
    error: str
    def __init__(self, affected_rows: _Optional[int] = ..., error: _Optional[str] = ...) -> None: ...

class CacheGetRequest(_message.Message):
    __slots__ = ("key",)
    KEY_FIELD_NUMBER: _ClassVar[int]
    key: str
    def __init__(self, key: _Optional[str] = ...) -> None: ...

class CacheGetResponse(_message.Message):
    __slots__ = ("value", "found", "error")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    FOUND_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    value: bytes
    found: bool
    error: str
    def __init__(self, value: _Optional[bytes] = ..., found: _Optional[bool] = ..., error: _Optional[str] = ...) -> None: ...

class CacheSetRequest(_message.Message):
    __slots__ = ("key", "value", "ttl_seconds")
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    TTL_SECONDS_FIELD_NUMBER: _ClassVar[int]
    key: str
    value: bytes
    ttl_seconds: int
    def __init__(self, key: _Optional[str] = ..., value: _Optional[bytes] = ..., ttl_seconds: _Optional[int] = ...) -> None: ...

class CacheDeleteRequest(_message.Message):
    __slots__ = ("key",)
    KEY_FIELD_NUMBER: _ClassVar[int]
    key: str
    def __init__(self, key: _Optional[str] = ...) -> None: ...

class HTTPRequestMsg(_message.Message):
    __slots__ = ("method", "url", "headers", "body")
    class HeadersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    METHOD_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    method: str
    url: str
    headers: _containers.ScalarMap[str, str]
    body: bytes
    def __init__(self, method: _Optional[str] = ..., url: _Optional[str] = ..., headers: _Optional[_Mapping[str, str]] = ..., body: _Optional[bytes] = ...) -> None: ...

class HTTPResponseMsg(_message.Message):
    __slots__ = ("status_code", "body", "error")
    STATUS_CODE_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    status_code: int
    body: bytes
    error: str
    def __init__(self, status_code: _Optional[int] = ..., body: _Optional[bytes] = ..., error: _Optional[str] = ...) -> None: ...

class SendEmailRequest(_message.Message):
    __slots__ = ("to", "subject", "body", "html")
    TO_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    HTML_FIELD_NUMBER: _ClassVar[int]
    to: str
    subject: str
    body: str
    html: bool
    def __init__(self, to: _Optional[str] = ..., subject: _Optional[str] = ..., body: _Optional[str] = ..., html: _Optional[bool] = ...) -> None: ...

class LogRequest(_message.Message):
    __slots__ = ("level", "message", "fields")
    class FieldsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    level: str
    message: str
    fields: _containers.ScalarMap[str, str]
    def __init__(self, level: _Optional[str] = ..., message: _Optional[str] = ..., fields: _Optional[_Mapping[str, str]] = ...) -> None: ...

class ConfigGetRequest(_message.Message):
    __slots__ = ("key",)
    KEY_FIELD_NUMBER: _ClassVar[int]
    key: str
    def __init__(self, key: _Optional[str] = ...) -> None: ...

class ConfigGetResponse(_message.Message):
    __slots__ = ("value", "error")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    value: str
    error: str
    def __init__(self, value: _Optional[str] = ..., error: _Optional[str] = ...) -> None: ...

class TranslateRequest(_message.Message):
    __slots__ = ("key", "args")
    KEY_FIELD_NUMBER: _ClassVar[int]
    ARGS_FIELD_NUMBER: _ClassVar[int]
    key: str
    args: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, key: _Optional[str] = ..., args: _Optional[_Iterable[str]] = ...) -> None: ...

class TranslateResponse(_message.Message):
    __slots__ = ("text",)
    TEXT_FIELD_NUMBER: _ClassVar[int]
    text: str
    def __init__(self, text: _Optional[str] = ...) -> None: ...

class HostCallRequest(_message.Message):
    __slots__ = ("function", "args_json")
    FUNCTION_FIELD_NUMBER: _ClassVar[int]
    ARGS_JSON_FIELD_NUMBER: _ClassVar[int]
    function: str
    args_json: bytes
    def __init__(self, function: _Optional[str] = ..., args_json: _Optional[bytes] = ...) -> None: ...

class HostCallResponse(_message.Message):
    __slots__ = ("result_json", "error")
    RESULT_JSON_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    result_json: bytes
    error: str
    def __init__(self, result_json: _Optional[bytes] = ..., error: _Optional[str] = ...) -> None: ...
