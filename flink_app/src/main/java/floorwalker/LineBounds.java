package floorwalker;

import java.io.Serializable;

/**
 * Tells the lines that are worth parsing from those that would be refused whatever a parser found in them. Parsing costs
 * more than anything else that is done with a line, and most for lines that are no JSON at all.
 */
public final class LineBounds implements Serializable {

    private static final long serialVersionUID = 1L;
    private static final String BLANK = " \t\r";

    private final int mostCharacters;
    private final int mostOpeningBrackets;

    /** Takes the bounds of `commerce.rejects`; a line beyond them is refused for that, before it would be for its JSON. */
    public LineBounds(int mostCharacters, int mostOpeningBrackets) {
        this.mostCharacters = mostCharacters;
        this.mostOpeningBrackets = mostOpeningBrackets;
    }

    /** Returns false where a line is refused unseen: it is too long, too deep, not UTF-8, or does not look like an object. */
    public boolean mayBeJson(String line) {
        // A character beyond the basic plane is two here and one for the bound.
        if (line.length() > 2 * mostCharacters) {
            return false;
        }
        int first = 0;
        int last = line.length() - 1;
        while (first < last && BLANK.indexOf(line.charAt(first)) >= 0) {
            first++;
        }
        while (last > first && BLANK.indexOf(line.charAt(last)) >= 0) {
            last--;
        }
        if (first >= last || line.charAt(first) != '{' || line.charAt(last) != '}') {
            return false;
        }
        int opening = 0;
        for (int place = first; place < last; place++) {
            char character = line.charAt(place);
            if (character == '\uFFFD' || (character == '[' || character == '{') && ++opening > mostOpeningBrackets) {
                return false;
            }
        }
        return true;
    }
}
