;; Asks the host for memory; the host asks this module's allocator, which calls the host twice more:
;; a log line, and an HTTP request to a host that is not declared. Traps unless that gives 403.
(module
  (import "ohd" "ohd_alloc" (func $host_alloc (param i32) (result i32)))
  (import "ohd" "ohd_log" (func $log (param i32 i32 i32)))
  (import "ohd" "ohd_http_request"
    (func $http (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 20)
  (data (i32.const 16) "in alloc")
  (data (i32.const 256)
    "{\"method\":\"GET\",\"url\":\"https://api.example.com/\"}")
  (global $inside (mut i32) (i32.const 0))
  (func (export "ohd_alloc") (param i32) (result i32)
    (if (global.get $inside)
      (then
        (call $log (i32.const 16) (i32.const 8) (i32.const 1))
        (if (i32.ne
            (call $http (i32.const 256) (i32.const 49) (i32.const 0) (i32.const 4))
            (i32.const 403))
          (then unreachable))))
    (i32.const 4096))
  (func (export "ohd_free") (param i32 i32))
  (func (export "on_event") (param $ptr i32) (param $len i32)
    (global.set $inside (i32.const 1))
    (drop (call $host_alloc (i32.const 8)))
    (global.set $inside (i32.const 0))))
