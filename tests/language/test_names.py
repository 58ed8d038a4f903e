"""Names and texts: locals of procedures, literal texts, variables with a map."""

import deadsim


def output(text: str) -> list[str]:
    result = deadsim.run(deadsim.loads(text))
    assert not result.defects
    return list(result.output)


def test_a_procedure_has_locals_that_begin_anew_with_each_call() -> None:
    text = """
procedures:
  count:
    args: [by]
    locals: {n: 1, words: [], name: "'x'"}
    do: [{let: {n: n + by}}, {print: "{n} {words} {name}"}, {let: {words: [n]}}]
threads:
  t: [{call: count, args: [2]}, {call: count, args: [5]}]
"""
    assert output(text) == ["3 [] x", "6 [] x"]


def test_locals_of_a_procedure_that_calls_itself_are_each_call_s_own() -> None:
    text = """
procedures:
  down: {args: [k], locals: {n: 0}, do: [{let: {n: n + k}}, {if: k, then: [{call: down, args: [k - 1]}]}, {print: "{n}"}]}
threads: {t: [{call: down, args: [2]}]}
"""
    assert output(text) == ["0", "1", "2"]


def test_a_text_is_put_sent_and_written_as_it_stands() -> None:
    text = """
queues: [q]
pipes: {line: {capacity: 1}}
variables: {x: 7, flag: {value: "'on'"}, 'v[i < 2]': {value: i}}
threads:
  t:
    - {put: q, text: bad}
    - {get: q, into: a}
    - {send: line, text: "x is {x}"}
    - {receive: line, into: b}
    - {write: x, text: it's}
    - atomic: [{write: "v[1]", text: "{v[0]}!"}]
    - {print: "{a}, {b}, {x}, {flag}, {v[1]}"}
"""
    assert output(text) == ["bad, x is 7, it's, on, 0!"]
