"""Servers that speak the protocols of WeCom and Kingdee K3Cloud, built from their documents; they know no gateway code."""
