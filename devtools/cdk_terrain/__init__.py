"""Move a checkout from CDKTF to CDK Terrain (docs/leaving-cdktf.md)."""
