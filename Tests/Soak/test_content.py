"""The checker sees one altered, lost, doubled, reordered or foreign message, whatever its kind and size."""

import pytest

from content import EDGES, MESSAGE_LIMIT, Direction, Message, Received

WAY = Direction("c", 7)
COUNT = 400


def whole() -> list[Message]:
    return [WAY.message(number) for number in range(COUNT)]


def faults(messages: list[Message], sent: int = COUNT) -> dict[str, int]:
    received = Received(WAY)
    for message in messages:
        received.take(message)
    received.ended(sent)
    return dict(received.faults)


def size(message: Message) -> int:
    return len(message.encode() if isinstance(message, str) else message)


def labelled() -> int:
    """A message in the middle that is long enough to be told from all others."""
    return next(number for number in range(100, COUNT) if size(WAY.message(number)) > 100)


def test_what_is_sent_is_what_is_expected() -> None:
    assert faults(whole()) == {}


def test_messages_are_of_all_kinds_and_sizes() -> None:
    messages = [WAY.message(number) for number in range(20_000)]
    assert {0, 125, 126, 127, 65_535, MESSAGE_LIMIT} <= {size(message) for message in messages}
    assert max(map(size, messages)) == MESSAGE_LIMIT == max(EDGES)
    assert 0.4 < sum(isinstance(message, str) for message in messages) / len(messages) < 0.6
    assert any(isinstance(message, str) and size(message) != len(message) for message in messages)


def test_directions_and_connections_differ() -> None:
    assert len({Direction(side, number).message(labelled()) for side in "cu" for number in (7, 8)}) == 4


@pytest.mark.parametrize("offset", [0, 30, -1])
def test_one_altered_byte(offset: int) -> None:
    messages = whole()
    place = next(n for n in range(100, COUNT) if isinstance(messages[n], bytes) and size(messages[n]) > 100)
    changed = bytearray(messages[place])  # type: ignore[arg-type]
    changed[offset] ^= 1
    messages[place] = bytes(changed)
    found = faults(messages)
    assert found["altered"] == 1
    # With its label whole it is known which one it was.
    assert set(found) == ({"altered"} if offset else {"altered", "lost"})


def test_altered_text() -> None:
    messages = whole()
    place = next(n for n in range(100, COUNT) if isinstance(messages[n], str) and size(messages[n]) > 100)
    messages[place] = messages[place][:50] + "x" + messages[place][51:]  # type: ignore[operator]
    assert faults(messages)["altered"] >= 1


def test_cut_and_longer_messages() -> None:
    for change in (lambda m: m[:-1], lambda m: m + m[-1:]):
        messages = whole()
        messages[labelled()] = change(messages[labelled()])
        assert faults(messages)["altered"] >= 1


def test_kind_changed() -> None:
    messages = whole()
    place = next(n for n in range(COUNT) if isinstance(messages[n], str))
    messages[place] = messages[place].encode()  # type: ignore[union-attr]
    assert faults(messages)["altered"] >= 1


def test_every_single_lost_message() -> None:
    """Empty ones, and the last, too."""
    for place in range(COUNT):
        assert "lost" in faults(whole()[:place] + whole()[place + 1 :]), place


def test_every_single_doubled_message() -> None:
    for place in range(COUNT):
        messages = whole()
        messages.insert(place, messages[place])
        assert faults(messages), place


def test_doubled_and_lost_are_called_so() -> None:
    place, messages = labelled(), whole()
    assert faults(messages[:place] + messages[place + 1 :]) == {"lost": 2}
    messages.insert(place, messages[place])
    assert faults(messages) == {"doubled": 1}


def test_reordered() -> None:
    messages = whole()
    first = next(n for n in range(100, COUNT) if min(size(messages[n]), size(messages[n + 1])) > 100)
    messages[first], messages[first + 1] = messages[first + 1], messages[first]
    assert faults(messages) == {"lost": 1, "reordered": 1}


@pytest.mark.parametrize("other", [Direction("c", 8), Direction("u", 7)])
def test_a_message_of_another_connection_or_direction(other: Direction) -> None:
    messages = whole()
    place = next(n for n in range(COUNT) if size(other.message(n)) > 100)
    messages.insert(place, other.message(place))
    assert faults(messages)["altered"] >= 1


def test_too_few_at_the_end() -> None:
    assert faults(whole()[:-3]) == {"lost": 1}
