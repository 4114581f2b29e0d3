module openhelpdesk.example/calendar

go 1.24
