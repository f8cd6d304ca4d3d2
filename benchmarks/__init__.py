"""What pytest-demodata costs, beside bare drivers and other tools: `python -m benchmarks`.

This is a table of contents. Each group of figures is a module with `measure(extent, say)`:

- `floor`: a generation beside the same rows, ready-made, through the bare driver (`floors/`);
- `competition`: beside other tools that fill the same tables (`competitors/`);
- `cache`: a demo database from the cache beside one that is generated;
- `growth`: time per row and peak memory from `small` to `large*100`;
- `isolation`: a test on a demo database beside a bare savepoint, and beside pytest-sqla;
- `sessions`: a whole run of pytest with one test;
- `startup`: a run of pytest that does not use the plugin.
"""
