;; A GoatKit plugin that passes what it is given on to a host function: the name of the function it
;; is called by is the name of the host function, its arguments are that one's.
(module
  (import "gk" "host_call" (func $host (param i32 i32 i32 i32) (result i64)))
  (memory (export "memory") 4)
  (global $next (mut i32) (i32.const 65536))
  (data (i32.const 1024) "{\"name\":\"desk\",\"version\":\"1.2.0\",\"description\":\"Asks the host.\",\"routes\":[{\"method\":\"GET\",\"path\":\"/api/plugins/desk/states\",\"handler\":\"list_ticket_states\",\"middleware\":[\"auth\"]},{\"method\":\"POST\",\"path\":\"/api/plugins/desk/log\",\"handler\":\"log\",\"middleware\":[\"auth\"]}],\"resources\":{\"permissions\":[{\"type\":\"db\",\"access\":\"read\",\"scope\":[\"ticket\",\"ticket_state\"]},{\"type\":\"ticket\",\"access\":\"read\"},{\"type\":\"cache\",\"access\":\"readwrite\"}]}}")
  (func (export "gk_malloc") (param $size i32) (result i32)
    (local $at i32)
    (if (i32.eqz (local.get $size)) (then unreachable))
    (local.set $at (global.get $next))
    (global.set $next
      (i32.and (i32.add (i32.add (local.get $at) (local.get $size)) (i32.const 7)) (i32.const -8)))
    (if (i32.gt_u (global.get $next) (i32.const 250000)) (then (global.set $next (i32.const 65536))))
    (local.get $at))
  (func (export "gk_register") (result i64)
    (i64.or (i64.shl (i64.const 1024) (i64.const 32)) (i64.const 432)))
  (func (export "gk_call") (param $fn i32) (param $fn_len i32) (param $args i32) (param $len i32)
    (result i64)
    (call $host (local.get $fn) (local.get $fn_len) (local.get $args) (local.get $len))))
