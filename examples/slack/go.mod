module example.com/slack-notifications

go 1.24
