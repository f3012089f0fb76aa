"""Objects on a D-Bus connection: who is there, what they tell, and the calls they answer now or later."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from socket import socket
from typing import Any, ClassVar, Final

from dbus_fast import Message, MessageFlag, MessageType, Variant
from dbus_fast.aio import MessageBus

from retrowalk_sim.bluez.errors import BluezError

OBJECT_MANAGER: Final = "org.freedesktop.DBus.ObjectManager"
PROPERTIES: Final = "org.freedesktop.DBus.Properties"
STANDARD_ERROR: Final = "org.freedesktop.DBus.Error"

type Properties = dict[str, Variant]


class Call:
    """A method call whose caller waits; `answer` or `refuse` it once, at any later time."""

    def __init__(self, bus: MessageBus, message: Message) -> None:
        self._bus = bus
        self._message = message
        self.sender: str = message.sender or ""
        self.body: list[Any] = message.body

    def answer(self, signature: str = "", *body: Any, hand_over: socket | None = None) -> None:
        """Reply with `body`. A socket to `hand_over` is file descriptor 0 of the body, and closed here once sent."""
        fds = [] if hand_over is None else [hand_over.fileno()]
        sent = self._send(Message.new_method_return(self._message, signature, list(body), fds))
        if hand_over is not None and sent is not None:
            sent.add_done_callback(lambda _sent: hand_over.close())

    def refuse(self, error: BluezError) -> None:
        """Reply with an error."""
        self._send(Message.new_error(self._message, error.name, error.text))

    def _send(self, reply: Message) -> asyncio.Future[None] | None:
        if self._message.flags & MessageFlag.NO_REPLY_EXPECTED or not self._bus.connected:
            return None
        return self._bus.send(reply)


type Method = Callable[[Any, Call], None]


class Exported(ABC):
    """An object that clients see at `path`, with one interface and its methods."""

    interface: ClassVar[str]
    methods: ClassVar[Mapping[str, Method]] = {}
    settable: ClassVar[Mapping[str, Callable[[Any, Any], None]]] = {}

    def __init__(self, path: str) -> None:
        self.path = path

    @abstractmethod
    def properties(self) -> Properties:
        """Return every property as it is now; one that does not exist now is left out."""

    def interfaces(self) -> dict[str, Properties]:
        """Return the object as ObjectManager tells of it."""
        return {self.interface: self.properties()}


class Tree:
    """The objects of one bus name. Everything it does is told to every client, as bluetoothd does."""

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus
        self._objects: dict[str, Exported] = {}
        bus.add_message_handler(self._handle)

    def __contains__(self, item: Exported) -> bool:
        return self._objects.get(item.path) is item

    def add(self, *items: Exported) -> None:
        """Show objects."""
        for item in items:
            self._objects[item.path] = item
            self._signal("/", OBJECT_MANAGER, "InterfacesAdded", "oa{sa{sv}}", item.path, item.interfaces())

    def remove(self, *items: Exported) -> None:
        """Take objects away, those that are there."""
        for item in items:
            if item in self:
                del self._objects[item.path]
                self._signal("/", OBJECT_MANAGER, "InterfacesRemoved", "oas", item.path, [item.interface])

    def changed(self, item: Exported, *names: str) -> None:
        """Tell the present value of properties; one that no longer exists is told as invalidated."""
        if item in self:
            now = item.properties()
            changed = {name: now[name] for name in names if name in now}
            gone = [name for name in names if name not in now]
            self._signal(item.path, PROPERTIES, "PropertiesChanged", "sa{sv}as", item.interface, changed, gone)

    def _signal(self, path: str, interface: str, member: str, signature: str, *body: Any) -> None:
        if self._bus.connected:
            self._bus.send(Message.new_signal(path, interface, member, signature, list(body)))

    def _handle(self, message: Message) -> bool:
        if message.message_type is not MessageType.METHOD_CALL:
            return False
        call = Call(self._bus, message)
        try:
            self._method(message)(call)
        except BluezError as error:
            call.refuse(error)
        return True

    def _method(self, message: Message) -> Callable[[Call], None]:
        if message.interface == OBJECT_MANAGER and message.member == "GetManagedObjects":
            return self._get_managed_objects
        item = self._objects.get(message.path or "")
        if item is None:
            raise BluezError(f"{STANDARD_ERROR}.UnknownObject", f"No object at {message.path}")
        if message.interface == PROPERTIES and message.member in _PROPERTY_METHODS:
            return lambda call: _PROPERTY_METHODS[message.member or ""](item, call)
        if message.interface in {item.interface, None} and message.member in item.methods:
            return lambda call: item.methods[message.member or ""](item, call)
        raise BluezError(f"{STANDARD_ERROR}.UnknownMethod", f"No {message.interface}.{message.member} here")

    def _get_managed_objects(self, call: Call) -> None:
        call.answer("a{oa{sa{sv}}}", {path: item.interfaces() for path, item in self._objects.items()})


def _get(item: Exported, call: Call) -> None:
    value = item.properties().get(call.body[1])
    if value is None:
        raise BluezError(f"{STANDARD_ERROR}.InvalidArgs", f"No such property '{call.body[1]}'")
    call.answer("v", value)


def _get_all(item: Exported, call: Call) -> None:
    call.answer("a{sv}", item.properties())


def _set(item: Exported, call: Call) -> None:
    _, name, value = call.body
    if name not in item.settable:
        raise BluezError(f"{STANDARD_ERROR}.PropertyReadOnly", f"Property '{name}' is not writable")
    item.settable[name](item, value.value)
    call.answer()


_PROPERTY_METHODS: Final[Mapping[str, Method]] = {"Get": _get, "GetAll": _get_all, "Set": _set}
