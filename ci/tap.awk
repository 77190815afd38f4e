# tap.awk: judge one TAP output. Prints `PASSED FAILED words`; rc is the exit status of the program.
function complain(what) {
    note = note ", " what
    extra++
}
/^1\.\.[0-9]+/ { plans++; split($1, a, /\.\./); planned = a[2] + 0 }
/^(not )?ok([ \t]|$)/ {
    ran++
    if ($0 ~ /^not/)
        bad++
    else if ($0 ~ /# *[Ss][Kk][Ii][Pp]/)
        skipped++
    else if ($0 ~ /# *[Tt][Oo][Dd][Oo]/)
        bad++
    else
        good++
}
/^Bail out!/ { bailed = 1 }
END {
    if (bailed)
        complain("bailed out")
    if (plans != 1)
        complain(plans ? plans " plans" : "no plan")
    else if (planned != ran)
        complain("planned " planned ", ran " ran + 0)
    if (!extra && !good && !bad)
        complain("nothing ran")
    if (rc != 0 && !bad)
        complain("exit status " rc)
    if (skipped)
        note = note ", " skipped " skipped"
    printf "%d %d %d passed, %d failed%s\n", good, bad + (extra > 0), good, bad + (extra > 0), note
}
