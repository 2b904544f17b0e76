"""The fast path: compiles a spec into a Python function that composes its rows.

The function composes only rows without any problem. For any other row it returns None; `Composer.compose` then composes the row
and reports its problems. So only that slow path ever rejects a row.

There are two functions, with the same lines in the middle. One makes a row's message for a send. The other makes the results of a
block of rows for a plan. For this spec, whose table has the columns phone, name and country:

    spec: 1
    name: hello
    channel: sms
    recipients: {file: people.csv}
    message:
      body: {type: text, text: {text: "Hi {{ name }}!"}}
      tags: ["{{ country }}"]
    limits: {segments: 2}

the function for a send is:

    def generated(row):
     cells = row[1]
     try:
      if ('#' in cells[1] and is_error(cells[1])) or ('#' in cells[2] and is_error(cells[2])): raise NotSound
      raw_address = (cells[0] or missing())
      address = normalise(raw_address)
      if type(address) is not str: raise NotSound
      if address[:5] in landlines or address[:6] in landlines: raise NotSound
      json_key = json_address = dumps(address)
      hashed = k0(); hashed.update(json_key + b']'); identity = hashed.digest()
      id_text = 'm' + identity.hex()
      x0 = f"{k1}{(cells[1] or missing())}{k2}"
      if len(x0) > 100000 or not x0: raise NotSound
      json_x0 = dumps(x0)
      json_x1 = k6(cells[2]) or k5(cells)
      measured = None
      if not x0.strip(): raise NotSound
      measured = measure(x0) if json_x0.translate(None, basic_ascii) else basic_measure(len(x0))
      if measured.segments > 2: raise NotSound
      hashed = k7(); hashed.update(sha256(k8 % (json_x0, json_address, json_x1,)).digest()); digest = hashed.digest()
      json_reference = dumps(id_text)
      body = k9 % (json_address, json_x0, json_x1, json_reference,)
      return new(Message, (identity, address, id_text, body, digest, x0, measured, row[0], 0))
     except Exception:
      return None

`x0` and `x1` are the slots of the payload: its strings with a template. `k0` to `k9` are constants in the function's namespace.
`k0` and `k7` copy a hash that already covers what all rows share, `k1` and `k2` are the text around the name, `k8` and `k9` are the
payload's JSON with `%b` in place of each slot. A slot that depends on one cell is cached: `k6` looks up the JSON for that cell, and
`k5` computes it.
"""

from sendspec.composing.compiled.block_composer import compile_block_composer
from sendspec.composing.compiled.row_composer import compile_row_composer

__all__ = ["compile_block_composer", "compile_row_composer"]
