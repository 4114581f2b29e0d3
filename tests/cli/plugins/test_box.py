"""``ohd plugin box``, and installing out of it."""


def test_what_is_in_the_box_is_listed_and_installed(ohd):
    (line,) = [
        line
        for line in ohd.good("plugin", "box", "--data", "data").splitlines()
        if line.startswith("statistics ")
    ]
    assert "not installed" in line
    assert "db:read:" in line
    done = ohd.good("plugin", "install", "--box", "statistics", "--data", "data")
    assert "goatkit.statistics" in done
    assert "It is disabled." in done
    listed = ohd.json("plugin", "box", "--data", "data")
    here = {one["name"]: one["standing"] for one in listed}
    assert here["statistics"] == "installed"


def test_what_is_not_in_the_box_is_refused(ohd):
    said = ohd.refused("plugin", "install", "--box", "nothing", "--data", "data")
    assert said.startswith("'nothing' is not in the box; in it: ")
    assert "--box" in ohd.refused("plugin", "install", "--data", "data")
    both = ohd.refused("plugin", "install", "x.wasm", "--box", "statistics", "--data", "data")
    assert "--box" in both
