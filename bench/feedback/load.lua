-- wrk script: POST feedback of about 400 bytes; tenants, users and types vary.
--   wrk -t1 -c64 -d8s -s load.lua URL -- FILE [keyed]
-- FILE: one line per caller, `tenant user token` (token `-`: none, the peer believes the headers). keyed: with an
-- X-Idempotency-Key, new for every request. Prints `WRK {json}` at the end.
local types = { "thumbs_up", "thumbs_down", "correction", "rating", "implicit_accept", "implicit_reject", "escalation" }
local heads, bodies, n, count, keyed = {}, {}, 500, 0, false

function init(args)
  keyed = args[2] == "keyed"
  math.randomseed(os.time())
  for line in io.lines(args[1]) do
    local tenant, user, token = line:match("(%S+) (%S+) (%S+)")
    local head = { ["Content-Type"] = "application/json" }
    if token ~= "-" then
      head["Authorization"] = "Bearer " .. token
    else
      head["X-Tenant-ID"], head["X-User-ID"] = tenant, user
    end
    heads[#heads + 1] = head
  end
  for i = 1, n do
    local kind = types[(i % #types) + 1]
    local rating = ""
    if kind == "rating" then rating = string.format('"rating":%d,', (i % 5) + 1) end
    if kind == "correction" then rating = '"corrected_text":"net amounts",' end
    bodies[i] = string.format(
      '{"session_id":"sess-%08x","response_id":"resp-%08x-%06d","feedback_type":"%s",%s' ..
      '"data":{"original_sql":"SELECT region, SUM(amount) AS revenue FROM sales.orders WHERE order_date >= DATE \'2026-01-%02d\' GROUP BY region ORDER BY revenue DESC LIMIT %d",' ..
      '"agent":"sql_agent","latency_ms":%d},"comment":"use net amounts, not gross ones, row %d"}',
      math.random(0, 0x7fffffff), math.random(0, 0x7fffffff), i, kind, rating, (i % 28) + 1, (i % 50) + 1, i * 3, i)
  end
end

function request()
  count = count + 1
  local head = heads[count % #heads + 1]
  if keyed then head["X-Idempotency-Key"] = string.format("%08x-%d", math.random(0, 0x7fffffff), count) end
  return wrk.format("POST", nil, head, bodies[count % n + 1])
end

function done(summary, latency, requests)
  local seconds = summary.duration / 1e6
  io.write(string.format('WRK {"requests":%d,"rate":%.1f,"p50_us":%d,"p99_us":%d,"refused":%d,"broken":%d}\n',
    summary.requests, summary.requests / seconds, latency:percentile(50), latency:percentile(99), summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
