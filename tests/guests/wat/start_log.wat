;; Its start function logs, then _initialize logs: in this order, once.
(module
  (import "ohd" "ohd_log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 20)
  (data (i32.const 16) "start section")
  (data (i32.const 32) "_initialize")
  (data (i32.const 48) "_start")
  ;; One buffer is enough: the host holds one payload at a time.
  (func (export "ohd_alloc") (param i32) (result i32) (i32.const 4096))
  (func (export "ohd_free") (param i32 i32))
  (func $start (call $log (i32.const 16) (i32.const 13) (i32.const 1)))
  (start $start)
  (func (export "_initialize") (call $log (i32.const 32) (i32.const 11) (i32.const 1)))
  (func (export "_start") (call $log (i32.const 48) (i32.const 6) (i32.const 1)))
  (func (export "on_event") (param $ptr i32) (param $len i32)))
