import subprocess
import sys


def test_a_tuned_process_looks_at_young_objects_rarely_and_at_the_application_never() -> None:
    said = "import gc; from running.tuning import tune; tune(); "
    said += "print(gc.get_freeze_count() > 1000, gc.get_threshold()[0])"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["True", "20000"]
