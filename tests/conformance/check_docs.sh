#!/usr/bin/env bash
# What the documents quote, name and link to is there; tools/check_docs says what that means.
exec "$1/tools/check_docs"
