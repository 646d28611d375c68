"""The order in which tests run, where what one of them began needs time."""


def sort_within(items, folder, place):
    """Sort the tests of a folder by `place(item)`; all others stay where they are."""
    places = [number for number, item in enumerate(items) if folder in item.path.parents]
    ours = sorted((items[number] for number in places), key=place)
    for number, item in zip(places, ours, strict=True):
        items[number] = item
