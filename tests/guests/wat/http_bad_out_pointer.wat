;; Asks for the response's pointer to be stored beyond its memory.
(module
  (import "ohd" "ohd_http_request"
    (func $http (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 20)
  (data (i32.const 256)
    "{\"method\":\"GET\",\"url\":\"https://api.example.com/\"}")
  ;; One buffer is enough: the host holds one payload at a time.
  (func (export "ohd_alloc") (param i32) (result i32) (i32.const 4096))
  (func (export "ohd_free") (param i32 i32))
  (func (export "on_event") (param $ptr i32) (param $len i32)
    (drop (call $http (i32.const 256) (i32.const 49) (i32.const -2) (i32.const 4)))))
