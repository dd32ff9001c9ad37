"""What staff hand over: pages, lists, maps, letters, workbooks. An output prints what was decided, never measures."""
