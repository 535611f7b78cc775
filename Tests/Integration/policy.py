"""Policies as Python values. They are written as JSON, which YAML contains."""

import json
from pathlib import Path
from typing import Any

Settings = dict[str, Any]


def listener(certificates: Path, **settings: Any) -> Settings:
    """A listener on a free port of 127.0.0.1; `settings` are put over what it has, those of `limits` one by one."""
    base: Settings = {
        "address": "127.0.0.1:0",
        "tls": {"certificates": [certificate_pair(certificates)]},
        "limits": {"drain_window": "1s"} | settings.pop("limits", {}),
    }
    return base | settings


def certificate_pair(folder: Path) -> Settings:
    return {"certificate": str(folder / "server.pem"), "private_key": str(folder / "server.key")}


def route(name: str = "echo", path: str | None = None, **settings: Any) -> Settings:
    """A route to the upstream `main`, public unless a `token` or an `authorize` is among its middleware."""
    base: Settings = {"name": name, "match": {"path": path or f"/{name}"}, "upstream": "main"}
    middleware = settings.get("middleware", [])
    locks = [settings for entry in middleware for name, settings in entry.items() if name in ("token", "authorize")]
    if all(settings.get("mode") == "shadow" for settings in locks):
        base["public"] = True
    return base | settings


def token(**settings: Any) -> Settings:
    """A `token` entry that takes what `portcullis token issue` makes."""
    return {"token": {"issuers": ["local"]} | settings}


def whole(
    listeners: dict[str, Settings],
    upstreams: dict[str, Settings],
    routes: list[Settings],
    issuers: dict[str, Settings] | None = None,
) -> Settings:
    return {
        "listeners": listeners,
        "upstreams": upstreams,
        "token_issuers": {"local": {"builtin": {}}} | (issuers or {}),
        "routes": routes,
    }


def upstream(url: str, **settings: Any) -> Settings:
    return {"endpoints": [url]} | settings


def write(folder: Path, policy: Settings) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "policy.yaml").write_text(json.dumps(policy, indent=2, ensure_ascii=False))
