;; Calls a function of syscall/js, which traps.
(module
  (import "gojs" "runtime.ticks" (func $ticks (result f64)))
  (import "gojs" "runtime.sleepTicks" (func $sleep (param f64)))
  (import "gojs" "syscall/js.valueGet"
    (func $value_get (param i32 i64 i32 i32 i32)))
  (memory (export "memory") 20)
  ;; One buffer is enough: the host holds one payload at a time.
  (func (export "ohd_alloc") (param i32) (result i32) (i32.const 4096))
  (func (export "ohd_free") (param i32 i32))
  (func (export "on_event") (param $ptr i32) (param $len i32)
    (call $value_get (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 0))))
