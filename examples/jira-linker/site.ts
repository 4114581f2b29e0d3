// Where your Jira and your panel server are. manifest.json declares the same two hosts.
export const JIRA = "https://example.atlassian.net";
export const PANEL = "https://jira-panel.example.com";
