;; A GoatKit plugin: the function's first letter says what it does.
;;   e(cho)    returns its arguments         n(othing)  returns 0
;;   h(ost)    calls the host function whose name its arguments are, and returns the answer
;;   l(oop)    never ends                    t(rap)     traps
;;   o(ut)     returns a pointer outside of its memory
;;   w(rong)   returns text that is not JSON
(module
  (import "gk" "host_call" (func $host (param i32 i32 i32 i32) (result i64)))
  (import "gk" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 2)
  (global $next (mut i32) (i32.const 65536))
  (global $freed (mut i32) (i32.const 0))
  (data (i32.const 1024) "{\"name\":\"wat\",\"version\":\"1.0.0\"}")
  (data (i32.const 2048) "not JSON")
  (data (i32.const 3072) "called")
  (func $malloc (export "gk_malloc") (param $size i32) (result i32)
    (local $at i32)
    (if (i32.eqz (local.get $size)) (then unreachable))
    (local.set $at (global.get $next))
    (global.set $next
      (i32.and (i32.add (i32.add (local.get $at) (local.get $size)) (i32.const 7)) (i32.const -8)))
    (local.get $at))
  (func (export "gk_free") (param i32) (global.set $freed (local.get 0)))
  (func (export "gk_register") (result i64)
    (i64.or (i64.shl (i64.const 1024) (i64.const 32)) (i64.const 32)))
  (func $pack (param i32 i32) (result i64)
    (i64.or
      (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32))
      (i64.extend_i32_u (local.get 1))))
  (func (export "gk_call") (param $fn i32) (param $fn_len i32) (param $args i32) (param $len i32)
    (result i64)
    (local $letter i32)
    (local.set $letter (i32.load8_u (local.get $fn)))
    (call $log (i32.const 1) (i32.const 3072) (i32.const 6))
    (if (i32.eq (local.get $letter) (i32.const 101))
      (then (return (call $pack (local.get $args) (local.get $len)))))
    (if (i32.eq (local.get $letter) (i32.const 104))
      (then (return (call $host (local.get $args) (local.get $len) (i32.const 0) (i32.const 0)))))
    (if (i32.eq (local.get $letter) (i32.const 108)) (then (loop $on (br $on))))
    (if (i32.eq (local.get $letter) (i32.const 116)) (then unreachable))
    (if (i32.eq (local.get $letter) (i32.const 111))
      (then (return (call $pack (i32.const -16) (i32.const 64)))))
    (if (i32.eq (local.get $letter) (i32.const 119))
      (then (return (call $pack (i32.const 2048) (i32.const 8)))))
    (i64.const 0)))
