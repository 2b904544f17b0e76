-- Posts the bodies in a file, over and over, for wrk: `wrk … -s post.lua URL -- FILE`. Ends with one line of JSON.
local bodies, at = {}, 0
local headers = { ["Authorization"] = "AccessKey benchmark", ["Content-Type"] = "application/json" }

function init(arguments)
  for line in io.lines(arguments[1]) do
    bodies[#bodies + 1] = line
  end
end

function request()
  at = at % #bodies + 1
  return wrk.format("POST", nil, headers, bodies[at])
end

function done(summary)
  local e = summary.errors
  local failed = e.connect + e.read + e.write + e.status + e.timeout
  io.write(string.format('{"messages": %d, "seconds": %.6f, "failed": %d}\n', summary.requests, summary.duration / 1e6, failed))
end
