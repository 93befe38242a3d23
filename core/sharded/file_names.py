"""The names of what a run writes into its folder: `core.sharded.folder` says what is in them. Who only tidies such
folders up needs no torch for it."""

RUN, PROGRESS = "run.json", "progress.json"
ROWS, ROWS_BEGUN = "rows.jsonl", "rows.part"
SUMS, WAITING, PAIRS_FOLDER, LOCK = "sums.npz", "waiting", "pairs", ".lock"
CIRCUIT, SCORES, EVALUATION, HEADS = "circuit.json", "scores.parquet", "evaluation.json", "heads.json"
PIECES, STUDY = "pieces", "study"  # of a study: a folder, and what its report is called before the ending
STUDY_FILES = tuple(f"{STUDY}.{ending}" for ending in ("html", "md", "json"))
OF_EVERY_RUN = (RUN, PROGRESS, ROWS, ROWS_BEGUN, SUMS, LOCK, WAITING, PAIRS_FOLDER, PIECES)
RESULTS = (CIRCUIT, SCORES, EVALUATION, HEADS, *STUDY_FILES)
