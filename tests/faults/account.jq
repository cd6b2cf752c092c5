# SPDX-License-Identifier: MIT
# What a report of the load test says against a promise, in words; empty: it is kept. Wants $promise: calm or crash.
.messages as $m | .closes as $c | (.returns.not_returned // 0) as $away |
[ (if $m.lost > 0 then "\($m.lost) lost" else empty end),
  (if $m.duplicated > 0 then "\($m.duplicated) twice" else empty end),
  (if $m.contradicted > 0 then "\($m.contradicted) arrived though the receipt denies it" else empty end),
  (if $m.unreceipted > 0 then "\($m.unreceipted) without a receipt" else empty end),
  (if $m.misdelivered > 0 then "\($m.misdelivered) at the wrong user" else empty end),
  (if $away > 0 then "\($away) clients never came back" else empty end),
  (if $m.sent == 0 then "nothing was sent" else empty end),
  (if $promise == "crash" then empty else
    (if $m.arrived < $m.sent then "\($m.sent - $m.arrived) did not arrive" else empty end),
    (if $m.out_of_order > 0 then "\($m.out_of_order) out of order" else empty end),
    (if $c.closed > 0 then "\($c.closed) closed" else empty end)
  end)
] | join(", ")
