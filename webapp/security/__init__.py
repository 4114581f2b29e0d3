"""What guards every request: host and origin, throttle, headers, tokens. No page lives here."""
