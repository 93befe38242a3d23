def tables_of(finished):
    return ()
