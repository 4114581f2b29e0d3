"""Messages of ``docs/proto`` as protoc generates them, by ``tests/setup/protos.py``. Pure.

::

    goatkit_pb2   what a native plugin and its host say to each other
    goplugin_pb2  go-plugin's own services
"""
