;; Hands over an HTTP request that is not JSON, and logs nothing.
(module
  (import "ohd" "ohd_http_request"
    (func $http (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 20)
  (data (i32.const 256) "GET /")
  ;; One buffer is enough: the host holds one payload at a time.
  (func (export "ohd_alloc") (param i32) (result i32) (i32.const 4096))
  (func (export "ohd_free") (param i32 i32))
  (func (export "on_event") (param $ptr i32) (param $len i32)
    (drop (call $http (i32.const 256) (i32.const 5) (i32.const 0) (i32.const 4)))))
