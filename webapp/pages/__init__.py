"""The pages that people see: one module a page, each with its own blueprint."""
