"""Curves of many patients, with their median and range."""
