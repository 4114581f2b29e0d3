;; Logs one line at each level, one at level 9, one that is not UTF-8, one with terminal controls,
;; and an empty one.
(module
  (import "ohd" "ohd_log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 20)
  (data (i32.const 16) "debug")
  (data (i32.const 32) "info")
  (data (i32.const 48) "warn")
  (data (i32.const 64) "error")
  (data (i32.const 80) "nine")
  (data (i32.const 96) "bad \ff\fe utf")
  (data (i32.const 128) "\1b[31mred\1b[0m\07")
  ;; One buffer is enough: the host holds one payload at a time.
  (func (export "ohd_alloc") (param i32) (result i32) (i32.const 4096))
  (func (export "ohd_free") (param i32 i32))
  (func (export "on_event") (param $ptr i32) (param $len i32)
    (call $log (i32.const 16) (i32.const 5) (i32.const 0))
    (call $log (i32.const 32) (i32.const 4) (i32.const 1))
    (call $log (i32.const 48) (i32.const 4) (i32.const 2))
    (call $log (i32.const 64) (i32.const 5) (i32.const 3))
    (call $log (i32.const 80) (i32.const 4) (i32.const 9))
    (call $log (i32.const 96) (i32.const 10) (i32.const 1))
    (call $log (i32.const 128) (i32.const 13) (i32.const 1))
    (call $log (i32.const 0) (i32.const 0) (i32.const 1))))
