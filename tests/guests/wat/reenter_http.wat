;; Makes an HTTP request; its allocator, which the host calls for the response, makes one more,
;; three deep: the host is called back while it is inside a host call.
(module
  (import "ohd" "ohd_http_request"
    (func $http (param i32 i32 i32 i32) (result i32)))
  (import "ohd" "ohd_log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 20)
  (data (i32.const 256)
    "{\"method\":\"GET\",\"url\":\"https://api.example.com/\"}")
  (data (i32.const 16) "in alloc")
  (global $depth (mut i32) (i32.const 0))
  (global $inside (mut i32) (i32.const 0))
  (func $request
    (drop (call $http (i32.const 256) (i32.const 49) (i32.const 0) (i32.const 4))))
  (func (export "ohd_alloc") (param i32) (result i32)
    (if (i32.and (global.get $inside) (i32.lt_u (global.get $depth) (i32.const 3)))
      (then
        (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
        (call $log (i32.const 16) (i32.const 8) (i32.const 1))
        (call $request)))
    (i32.const 4096))
  (func (export "ohd_free") (param i32 i32))
  (func (export "on_event") (param $ptr i32) (param $len i32)
    (global.set $depth (i32.const 0))
    (global.set $inside (i32.const 1))
    (call $request)
    (global.set $inside (i32.const 0))))
